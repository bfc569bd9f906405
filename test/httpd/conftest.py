"""Fixtures.  A test gets a CA (shared by the session) and as many servers as it starts."""

import os
import sys

import pytest

# The source tree stays as it is, whoever runs the tests.
sys.dont_write_bytecode = True

from harness import ca as ca_module
from harness import paths
from harness.front import Front
from harness.gate import Gate
from harness.httpd import Httpd

sys.path.append(str(paths.TOP / "test/sim"))

from sim.client import Sim      # noqa: E402


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="root parent, www-data children: needs root"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets fixtures see whether the test itself has failed."""
    report = (yield).get_result()
    setattr(item, f"report_{report.when}", report)


@pytest.fixture(scope="session")
def _cas():
    """CAs by their options: started on first use, shared, stopped at the end."""
    running = {}
    yield running
    for one in running.values():
        one.stop()


@pytest.fixture(scope="session")
def start_ca(_cas):
    """start_ca(validity_s=…) -> a Ca with these options (see ca.Ca)."""
    def start(**options):
        key = tuple(sorted(options.items()))
        if key not in _cas:
            _cas[key] = ca_module.Ca(**options).start()
        return _cas[key]
    return start


@pytest.fixture(scope="session")
def ca(start_ca):
    """The usual CA: EAB required, 90 days, no artificial trouble."""
    return start_ca()


def _stop_all(fronts):
    for front in fronts:
        front.stop()


@pytest.fixture
def _fronts():
    """Outlives the servers of the test: a server whose CA vanishes would complain."""
    made = []
    yield made
    _stop_all(made)


@pytest.fixture(scope="module")
def _shared_fronts():
    made = []
    yield made
    _stop_all(made)


@pytest.fixture
def front(ca, _fronts):
    """A Front before the usual CA, fresh for this test."""
    _fronts.append(Front(ca).start())
    return _fronts[-1]


@pytest.fixture(scope="module")
def shared_front(ca, _shared_fronts):
    """The same for a whole file."""
    _shared_fronts.append(Front(ca).start())
    return _shared_fronts[-1]


@pytest.fixture
def gate(ca):
    """A Gate on the usual CA's validation port; Ca.resolve(name, gate.address) uses it."""
    gate = Gate(ca.http_port).start()
    yield gate
    gate.stop()


def _finish(servers, failed):
    """Stop the servers and let their guards speak, unless the test itself has failed."""
    complaints = []
    for server in servers:
        found = server.verdict()
        complaints += found
        if failed or found:
            print(f"kept for inspection: {server.root}\n{server.error_log()[-6000:]}")
        else:
            server.remove()
    assert failed or not complaints, "\n".join(complaints)


@pytest.fixture
def make_httpd(request, _fronts):
    """make_httpd(…) -> an Httpd (see there for what it takes)."""
    made = []

    def make(*args, **options):
        made.append(Httpd(*args, **options))
        return made[-1]
    yield make
    report = getattr(request.node, "report_call", None)
    _finish(made, report is None or report.failed)


@pytest.fixture(scope="module")
def make_shared_httpd(_shared_fronts):
    """The same for a server that all tests of a file look at.  It has the CA's validation port,
    so none of them can have an `httpd` of its own before the same CA.
    """
    made = []

    def make(*args, **options):
        made.append(Httpd(*args, **options))
        return made[-1]
    yield make
    _finish(made, failed=False)


@pytest.fixture
def httpd(make_httpd, ca):
    """One server for the usual CA, not yet configured or started."""
    return make_httpd(ca)


@pytest.fixture(scope="module")
def running_sim(tmp_path_factory):
    """The simulator of the JPRS service, one for a file."""
    directory = tmp_path_factory.mktemp("sim")
    sim = Sim(directory).start()
    yield sim
    sim.stop()
    assert "Traceback" not in (directory / "jprs_sim.out").read_text()


@pytest.fixture
def sim(running_sim):
    """It, as if freshly started; accounts and certificates stay."""
    running_sim.reset()
    return running_sim


@pytest.fixture
def sim_httpd(sim, make_httpd):
    """A server of its own account at the simulator, not yet configured or started."""
    server = make_httpd(sim)
    eab = sim.post("/eab")
    server.write_private(server.eab_file, f"{eab['kid']}\n{eab['hmac']}\n")
    return server
