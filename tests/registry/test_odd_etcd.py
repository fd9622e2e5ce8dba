"""Something else has written where registries keep what they know, or removed some of it."""

import json
from typing import Any

from p2p_twisted.registry import etcd_requests as requests
from p2p_twisted.wire.messages import Join, Renew, Welcome
from tests.registry.builders import token
from tests.registry.several import Several


class OddEtcdTests(Several):
    """Two registries, and somebody who writes below their keys."""

    def write(self, key: str, value: str) -> None:
        """Write a key, as anybody does who may."""
        put = requests.put(requests.encoded(f"net/{key}".encode()), value.encode())
        self.cluster.transact({"success": [put]})
        self.wait(1)

    def remove(self, key: str) -> None:
        """Remove a key."""
        gone = requests.delete(requests.encoded(f"net/{key}".encode()))
        self.cluster.transact({"success": [gone]})
        self.wait(1)

    def join(self, number: int, name: str) -> Any:
        """Join, and say that one listens."""
        answer = self.ask(number, Join(name, token=token(name)))
        self.assertIsInstance(answer, Welcome)
        self.assertIsInstance(self.ask(number, Renew(name, answer.token)), Welcome)
        return answer

    def test_place_of_nobody(self) -> None:
        """A place is given to a newcomer that etcd has for one who is registered nowhere."""
        for port, name in ((9000, "nobody"), (9001, "\0"), (9002, "s1")):
            self.write(f"held/127.0.0.1:{port}", name)
        for number, port in enumerate((9000, 9001, 9002)):
            name = f"s{number + 1}"
            self.assertEqual(self.join(number % 2, name).port, port)
            held = self.cluster.keys[f"net/held/127.0.0.1:{port}".encode()]
            self.assertEqual(requests.value_of(held), name.encode())

    def test_removed(self) -> None:
        """Peers come back whose registrations somebody has removed, but not their places."""
        for name in ("s1", "s2"):
            self.join(0, name)
        for name in ("s1", "s2"):
            self.remove(f"peers/{name}")
        self.assertEqual(self.ask(1, Renew("s1", token("s1"))).code, "unknown")
        self.assertEqual([self.join(1, name).port for name in ("s2", "s1")], [9000, 9001])

    def test_place_of_somebody(self) -> None:
        """A place is nobody else's while its peer is there, whichever registry gave it."""
        self.assertEqual([self.join(0, "s1").port, self.join(1, "s2").port], [9000, 9001])
        self.write("held/127.0.0.1:9002", "s1")
        self.assertEqual([self.join(0, "s3").port, self.join(1, "s4").port], [9002, 9003])

    def test_unreadable(self) -> None:
        """A name is given to a newcomer of which etcd has something else."""
        self.write("peers/s1", "nothing that anybody could read")
        self.write("peers/s2", json.dumps({"host": "127.0.0.1", "port": 80}))
        # Found when it starts, and heard of by the others.
        self.start(2)
        self.join(2, "s1")
        self.join(0, "s2")
        self.assertEqual(self.ask(1, Join("s1")).code, "taken")

    def test_spoiled(self) -> None:
        """A peer is not there any more whose registration was overwritten; it joins again."""
        self.join(0, "s1")
        self.write("peers/s1", "[]")
        for number in range(2):
            self.assertEqual(self.ask(number, Renew("s1", token("s1"))).code, "unknown")
        self.join(1, "s1")
        self.assertEqual(self.ask(0, Join("s1")).code, "taken")
