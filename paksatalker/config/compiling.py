"""How inner loops are compiled: by numba, without the GIL, and kept on the disk where there is a place for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])


def compiled(
    signature: str | None = None, *, fastmath: bool = True, inline: bool = False
) -> Callable[[_Kernel], _Kernel]:
    """``njit`` with an on-disk cache, so only the first process on a machine pays; in memory if none can be written.

    Args:
        signature: Compiles for it at once; None compiles for the first caller.
        fastmath: Whether sums may be taken in another order, which fills vector registers but decides a last bit.
        inline: Whether it becomes a part of whatever calls it, for loops too short to be called.
    """

    def compile_kernel(function: _Kernel) -> _Kernel:
        arguments = () if signature is None else (signature,)
        options = {"nogil": True, "fastmath": fastmath, "inline": "always" if inline else "never"}
        try:
            kernel: _Kernel = njit(*arguments, cache=True, **options)(function)
        except RuntimeError:  # numba found neither the package's folder nor the user's cache writable
            kernel = njit(*arguments, **options)(function)
        return kernel

    return compile_kernel
