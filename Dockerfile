# A registry or a peer: docs/operations.md tells how to run them.
FROM debian:trixie-slim AS python
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/*

FROM python AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
# twistd finds its commands faster where it has listed them once.
RUN python3 -m venv /opt/p2p_twisted \
    && /opt/p2p_twisted/bin/pip install --no-cache-dir /src \
    && /opt/p2p_twisted/bin/twistd --help >/dev/null

FROM python
RUN useradd --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin p2p \
    && chmod 700 /data
COPY --from=build /opt/p2p_twisted /opt/p2p_twisted
ENV PATH=/opt/p2p_twisted/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 9011 9000-9009
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["p2p", "ready"]
ENTRYPOINT ["p2p"]
CMD ["registry", "--insecure-lan"]
