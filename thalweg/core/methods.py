"""The members of a tensor that other rooms own, which attach them: `methods.pyi` lists them."""


class Methods:
    """The part of a tensor that is attached, by `thalweg.core.operation.attach`."""

    __slots__ = ()
