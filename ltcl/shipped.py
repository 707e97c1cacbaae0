"""The configs that come with ltcl: in a clone its folder ``configs``, in an installed package a copy of it.

Imports nothing of the engine: ``import ltcl`` must stay light.
"""

import importlib.abc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

PREFIX = 'ltcl::'
PACKAGE = Path(__file__).parent


def config_folder() -> Path:
    """Where the configs lie; an installed package has them where mmengine looks for those of any package."""
    installed = PACKAGE / '.mim' / 'configs'
    return installed if installed.is_dir() else PACKAGE.parent / 'configs'


def shipped_configs() -> dict[str, Path]:
    """Files of all configs that can be run, by ``<method>/<name>.py``, in alphabetical order."""
    folder = config_folder()
    files = sorted(path for path in folder.rglob('*.py') if '_base_' not in path.parts)
    return {path.relative_to(folder).as_posix(): path for path in files}


def find_config(name: str | Path) -> Path:
    """The file that a name stands for.

    Args:
        name: A path, ``ltcl::<method>/<name>.py``, or, where there is no such file, ``configs/<method>/<name>.py`` or
            ``<name>`` of a config that comes with ltcl.

    Returns:
        The file; the name itself where nothing fits, for the reader to complain of.
    """
    name = str(name)
    if name.startswith(PREFIX):
        path = config_folder() / name.removeprefix(PREFIX)
        return path if path.suffix == '.py' else path.with_name(f'{path.name}.py')
    if Path(name).exists():
        return Path(name)
    if name.startswith('configs/') and (config_folder().parent / name).is_file():
        return config_folder().parent / name
    same = [path for path in shipped_configs().values() if '/' not in name and name in (path.stem, path.name)]
    return same[0] if len(same) == 1 else Path(name)


def name_of(path: str | Path) -> str:
    """How to name a config on a command line: ``ltcl::...`` for one that :func:`find_config` found, else its path."""
    path, folder = Path(path), config_folder()
    return f'{PREFIX}{path.relative_to(folder).as_posix()}' if path.is_relative_to(folder) else str(path)


class TeachMMEngine(importlib.abc.MetaPathFinder):
    """Has mmengine's ``Config`` find ``ltcl::...`` as soon as it is imported, by whomever."""

    MODULE = 'mmengine.config.config'

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's own spec, whose loader goes on to :func:`teach`; None for any other module."""
        if name != self.MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_teach(module: ModuleType) -> None:
                run(module)
                teach(module)

            vars(spec.loader)['exec_module'] = run_and_teach
        return spec

    @classmethod
    def start(cls) -> None:
        """Teach now if mmengine is there, else when it comes."""
        if cls.MODULE in sys.modules:
            teach(sys.modules[cls.MODULE])
        else:
            sys.meta_path.insert(0, cls())


def teach(module: ModuleType) -> None:
    """Let ``Config.fromfile('ltcl::...')`` and ``_base_ = 'ltcl::...'`` name our configs.

    mmengine has a closed list of packages whose configs it finds, and none of them for ``fromfile``.

    Args:
        module: ``mmengine.config.config``.
    """
    config = module.Config
    read, place = config.fromfile, config._get_cfg_path

    def fromfile(filename: str | Path, *args: object, **kwargs: object) -> object:
        is_ours = str(filename).startswith(PREFIX)
        return read(str(find_config(filename)) if is_ours else filename, *args, **kwargs)

    def get_cfg_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
        # No scope of its own: the parts in our configs have that of default_scope, or one in their names.
        return (str(find_config(cfg_path)), None) if cfg_path.startswith(PREFIX) else place(cfg_path, filename)

    config.fromfile, config._get_cfg_path = staticmethod(fromfile), staticmethod(get_cfg_path)
    sys.modules['mmengine.config.utils'].MODULE2PACKAGE.setdefault('ltcl', 'ltcl')  # for mmengine.hub.get_config
