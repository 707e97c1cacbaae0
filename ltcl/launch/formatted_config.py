"""A config whose text is formatted once."""

from typing import ClassVar

from mmengine.config import Config

from .yapf_grammar import import_yapf


class FormattedConfig(Config):
    """A config that keeps its text until an entry changes.

    A run asks for it at its start three times and at every checkpoint, and formatting takes a quarter of a second: more
    than an epoch on cached features.
    """

    # Of the class, since a run copies its config. The entries tell whose text it is.
    _kept: ClassVar[tuple[str, str]] = ('', '')

    @classmethod
    def of(cls, cfg: Config) -> 'FormattedConfig':
        """The same config as one of this kind."""
        copied = cfg.copy()
        object.__setattr__(copied, '__class__', cls)
        return copied

    @property
    def pretty_text(self) -> str:
        """The config as formatted Python."""
        entries = repr(self.to_dict())
        if FormattedConfig._kept[0] != entries:
            import_yapf()
            FormattedConfig._kept = entries, super().pretty_text
        return FormattedConfig._kept[1]
