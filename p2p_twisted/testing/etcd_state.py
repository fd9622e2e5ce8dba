"""What all members of an etcd agree on, as far as registries use it; pure."""

from base64 import b64decode

from attrs import define, field

from p2p_twisted.registry.etcd_keys import Json


@define(eq=False)
class EtcdState:
    """
    Keys with their revisions, transactions, and what has happened.

    :ivar history: every event, in order, each with its revision.
    :ivar compacted: what happened up to this revision is not told to who asks from now on.
    """

    revision: int = 1
    keys: dict[bytes, Json] = field(factory=dict)
    history: list[Json] = field(factory=list)
    compacted: int = 0

    def compact(self) -> None:
        """Forget what has happened."""
        self.compacted = self.revision

    def transact(self, question: Json) -> Json:
        """Compare, then change or read."""
        is_so = all(map(self._is_so, question.get("compare", [])))
        operations = question.get("success" if is_so else "failure", [])
        written = [each for each in operations if "request_range" not in each]
        self.revision += bool(written)
        self.history += [event for each in written if (event := self._write(each)) is not None]
        responses = [
            {"response_range": self.range(each["request_range"])} if "request_range" in each else {}
            for each in operations
        ]
        answer = {"header": self._header(), "responses": responses}
        return answer | ({"succeeded": True} if is_so else {})

    def range(self, question: Json) -> Json:
        """Read what is there now."""
        found = [self.keys[key] for key in sorted(self.keys) if is_in(key, question)]
        limit = int(question.get("limit", 0)) or len(found)
        more = {"more": True} if len(found) > limit else {}
        return {"header": self._header(), "kvs": found[:limit], "count": str(len(found))} | more

    def events(self, asked: Json, first: int, last: int) -> list[Json]:
        """List what has happened in a range of keys from one revision to another."""
        found = []
        # From the end: what is asked for is mostly the latest.
        for event in reversed(self.history):
            revision = int(event["kv"]["mod_revision"])
            if revision < first:
                break
            if revision <= last and is_in(b64decode(event["kv"]["key"]), asked):
                found.append(event)
        return found[::-1]

    def _header(self) -> Json:
        return {"revision": str(self.revision)}

    def _is_so(self, compared: Json) -> bool:
        kept = self.keys.get(b64decode(compared["key"]), {})
        [what] = compared.keys() & {"create_revision", "mod_revision"}
        found, wanted = int(kept.get(what, "0")), int(compared[what])
        return found > wanted if compared["result"] == "GREATER" else found == wanted

    def _write(self, operation: Json) -> Json | None:
        at = str(self.revision)
        match operation:
            case {"request_put": {"key": key, "value": value}}:
                name = b64decode(key)
                made = self.keys.get(name, {}).get("create_revision", at)
                kv = {"key": key, "value": value, "mod_revision": at, "create_revision": made}
                self.keys[name] = kv
                return {"kv": kv}
            case {"request_delete_range": {"key": key}} if self.keys.pop(b64decode(key), None):
                return {"type": "DELETE", "kv": {"key": key, "mod_revision": at}}
        return None


def is_in(key: bytes, asked: Json) -> bool:
    """Return whether a key is one that a question is about."""
    first = b64decode(asked.get("key", ""))
    end = b64decode(asked["range_end"]) if "range_end" in asked else first + b"\0"
    return first <= key < end
