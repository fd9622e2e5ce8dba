"""The spanning tree that broadcasts and queries shape, and pass along."""

from attrs import define, field

from p2p_twisted.overlay.effects import LinkId


@define
class TreeView:
    """
    The tree as the other machines see it: only broadcast changes it.

    :ivar is_shaped: whether anything has passed yet: before that, no link is worth more
        than another.
    """

    is_shaped: bool = False
    _links: dict[LinkId, bool] = field(factory=dict)

    @property
    def links(self) -> list[LinkId]:
        """All links, the oldest first."""
        return list(self._links)

    @property
    def eager(self) -> list[LinkId]:
        """The links of the tree."""
        return [link for link, is_eager in self._links.items() if is_eager]

    def is_eager(self, link: LinkId) -> bool:
        """Return whether a link is part of the tree."""
        return self._links.get(link, False)


@define
class Tree(TreeView):
    """
    Which of a peer's links are part of the tree: Plumtree's eager ones; the others are lazy.

    Every link begins as part of it, so that at first it is the whole graph.
    A peer that is sent what it already has prunes the link it came by.
    """

    @property
    def lazy(self) -> list[LinkId]:
        """The other links."""
        return [link for link, is_eager in self._links.items() if not is_eager]

    def __contains__(self, link: LinkId) -> bool:
        return link in self._links

    def add(self, link: LinkId, is_eager: bool = True) -> None:
        """Record a new link."""
        self._links[link] = is_eager

    def drop(self, link: LinkId) -> bool:
        """Forget a link; return whether it was part of the tree."""
        return self._links.pop(link, False)

    def graft(self, link: LinkId) -> None:
        """Make a link part of the tree; one that is gone stays gone."""
        if link in self._links:
            self._links[link] = True

    def prune(self, link: LinkId) -> bool:
        """Take a link out of the tree; return whether it was part of it."""
        was_eager = self.is_eager(link)
        if was_eager:
            self._links[link] = False
            self.is_shaped = True
        return was_eager
