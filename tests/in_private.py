"""Run all tests of a folder once more in a private network."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules


def in_private(private: type, *but: type) -> dict[str, type]:
    """
    Derive from each class of tests beside the one that is given, and from that.

    :param private: a case of the folder's own, with a private network.
    :param but: classes that the caller derives itself.
    :returns: the new classes, by names of their own.
    """
    folder, _, _module = private.__module__.rpartition(".")
    usual = private.__mro__[1]
    made = {}
    for module, each in _classes(folder):
        is_left_out = module == private.__module__ or each in but
        if issubclass(each, usual) and each.__module__ == module and not is_left_out:
            name = f"{each.__name__}_{module.rpartition('.')[2].removeprefix('test_')}"
            made[name] = type(name, (private, each), {"__module__": private.__module__})
    return made


def _classes(folder: str) -> Iterator[tuple[str, type]]:
    for found in iter_modules(import_module(folder).__path__):
        if found.name.startswith("test_") and found.name != "test_in_private":
            module = f"{folder}.{found.name}"
            for _name, each in inspect.getmembers(import_module(module), inspect.isclass):
                yield module, each
