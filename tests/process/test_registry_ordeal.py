"""Three registries on three members of etcd, all real, of which one or the other is always lost."""

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.etcd_members import NEEDS_ETCD
from tests.process.registry_ordeal import Ordeal


@NEEDS_ETCD
@pytest.mark.slow
class RegistryOrdealTests(SynchronousTestCase):
    """A short one of few peers; how long newcomers wait is left out, as machines may be busy."""

    def test_short(self) -> None:
        """No peer leaves the network, nothing that was acknowledged is lost or given twice."""
        happened: list[str] = []
        ordeal = Ordeal(self, peers=6, seed=2, told=happened.append)
        ordeal.run(40.0)
        self.assertEqual(ordeal.wrong, [], "\n".join(happened))
