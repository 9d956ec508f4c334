"""What a user writes: NumPy's and PyTorch's names, composed of few primitives.

The public names are those that the files of the folders declare in their `__all__`.
"""

import importlib
import pkgutil

__all__: list[str] = []

for _folder in pkgutil.iter_modules(__path__, f"{__name__}."):
    for _file in pkgutil.iter_modules(importlib.import_module(_folder.name).__path__):
        _module = importlib.import_module(f"{_folder.name}.{_file.name}")
        for _name in getattr(_module, "__all__", ()):
            globals()[_name] = getattr(_module, _name)
            __all__.append(_name)
