"""What waits to be conjugated or negated in PyTorch, and is computed at once here."""

from typing import Any

from tests.torch.nn.libraries import Library, same
from tests.torch.nn.utils.roots import root


def test_resolving_changes_no_value() -> None:
    def code(lib: Library) -> Any:
        space = root(lib)
        z = space.complex(lib.range(3), lib.range(3) + 1).conj()
        found = space.resolve_conj(z), z.resolve_conj(), z.imag.resolve_neg()
        return [space.view_as_real(found[0]), space.view_as_real(found[1]), found[2]]

    same(code)
