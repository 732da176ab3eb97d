"""What is left of notebooks when an instance ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sciplat.identity import IdentityStore, Scope, TokenKind
from sciplat.notebook.labs import Labs
from sciplat.processes.hubbing import end_labs


@pytest.mark.parametrize("lives", [True, False])
def test_labs_that_the_hub_left_are_ended_with_their_tokens(tmp_path: Path, *, lives: bool) -> None:
    home = tmp_path / "home"
    identity = IdentityStore.open(home)
    identity.create_token("admin", scopes={Scope.READ_TAP}, name="lab", kind=TokenKind.NOTEBOOK)
    mine = identity.create_token("admin", scopes={Scope.READ_TAP}, name="script")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as lab:
        Labs(home / "hub" / "labs").note("admin", lab.pid, tmp_path / "runtime")
        if not lives:
            lab.kill()
            lab.wait()

        assert end_labs(home) == (("admin",) if lives else ())

        assert lab.poll() is not None
    assert identity.tokens("admin", kind=TokenKind.NOTEBOOK) == ()
    assert [token.key for token in identity.tokens("admin", kind=TokenKind.USER)] == [mine.token.key]
    assert end_labs(home) == ()
    identity.close()
