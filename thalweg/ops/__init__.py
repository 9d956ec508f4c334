"""What a user writes: NumPy's and the Array API's names, composed of few primitives.

The public names are those that the files of the folders declare in their `__all__`.
"""

import builtins
import importlib
import pkgutil

from thalweg.core.operation import FURTHER
from thalweg.core.printing import get_printoptions, printoptions, set_printoptions

NAMES = ["get_printoptions", "printoptions", "set_printoptions"]

for _folder in pkgutil.iter_modules(__path__, f"{__name__}."):
    for _file in pkgutil.iter_modules(importlib.import_module(_folder.name).__path__):
        _module = importlib.import_module(f"{_folder.name}.{_file.name}")
        for _name in getattr(_module, "__all__", ()):
            globals()[_name] = getattr(_module, _name)
            NAMES.append(_name)

globals().update(FURTHER)
NAMES += FURTHER

# A star imports nothing that would shadow a name of Python's.
__all__: list[str] = [name for name in NAMES if not hasattr(builtins, name)]
