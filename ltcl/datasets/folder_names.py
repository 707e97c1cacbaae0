"""What the name of a folder or of a list tells: a part of the data, a class, or what a computer left there."""

import re

PARTS = ('train', 'val', 'test')
PART_WORDS = {
    'train': 'train|training|trn|learning',
    'val': 'val|valid|validation|validate|vali|dev|devel|development',
    'test': 'test|tests|testing|tst|holdout|heldout',
}
_EVALUATION = 'eval|evaluation|evaluate'  # validation where there is another test set, otherwise the test
_ADDITIONS = 'set|data|images|image|imgs|img|pictures|photos|pics|split|part|folder|files|samples|seg|cls'
_LIST_WORDS = (
    'labels|label|labelled|labeled|lists|list|annotations|annotation|annots|ann|anno|ground|truth|gt|'
    'classes|class|meta|info|solution|csv|index|paths|df|file'
)
# Folders that systems make, wherever they lie; in small letters.
SYSTEM_FOLDERS = (
    '__macosx',
    'lost+found',
    '@eadir',
    '@recycle',
    '@recently-snapshot',
    '#recycle',
    '#snapshot',
    '$recycle.bin',
    'system volume information',
    '__pycache__',
    'node_modules',
)
# Folders that trainings leave beside their images.
TOOL_FOLDERS = ('runs', 'work_dirs', 'work_dir', 'wandb', 'mlruns', 'lightning_logs', 'tensorboard', 'venv')
# Words that say what lies in a folder, not of which class it is.
_GENERAL = (
    'labels?|annotations?|masks?|images?|imgs?|pictures|photos|pics|jpegimages|jpe?gs?|pngs?|data|dataset|raw|all|meta|'
    'metadata|lists|splits|logs|checkpoints|outputs?|results|unlabell?ed|pred|predict|predictions?|inference|submission'
)
_NUMBERED = r'(.*[\W_])?(fold|part|split|batch|subset|group|partition)[\W_]*([a-z]|\d{1,3})'


def _letters(name: str) -> str:
    return re.sub(r'[\W\d_]+', '', name.lower())


def part_of(name: str, additions: str = _ADDITIONS) -> str | None:
    """'train', 'val', 'test' or 'eval' if a name says one of them, in any usual spelling; else None.

    Args:
        name: Of a folder, such as ``Validation``, ``test_set`` or ``train2017``.
        additions: Words that may stand beside, as a regular expression.
    """
    letters = _letters(name)
    for part, words in (*PART_WORDS.items(), ('eval', _EVALUATION)):
        if re.fullmatch(f'(?:{additions})*(?:{words})(?:{additions})*', letters):
            return part
    return None


def part_of_list(stem: str) -> tuple[str | None, int]:
    """The part that a list file names, and how freely it does: 0 ``train``, 1 ``trainLabels``, 2 ``birds_train_v2``."""
    if stem.lower() in PARTS:
        return stem.lower(), 0
    if part := part_of(stem, f'{_ADDITIONS}|{_LIST_WORDS}'):
        return part, 1
    words = re.findall(r'[A-Z]+(?![a-z])|[A-Z]?[a-z]+', stem)
    parts = {part for word in words if (part := part_of(word))}
    return (parts.pop(), 2) if len(parts) == 1 else (None, 2)


def is_list_word(stem: str) -> bool:
    """Whether the name of a text file says that it lists images: ``labels``, ``image_list``, ``annotations``."""
    return re.fullmatch(f'(?:{_ADDITIONS}|{_LIST_WORDS})+', _letters(stem)) is not None


def is_litter(name: str) -> bool:
    """Whether a folder is hidden or a system's own."""
    return name.startswith('.') or name.lower() in SYSTEM_FOLDERS


def is_no_class(name: str) -> bool:
    """Whether a folder beside class folders is none by its name, whatever it holds."""
    return is_litter(name) or name.lower() in TOOL_FOLDERS


def is_general(name: str) -> bool:
    """Whether a name says no more of a folder than that it has images, labels or a part of them."""
    return (
        part_of(name) is not None
        or re.fullmatch(_GENERAL, _letters(name)) is not None
        or re.fullmatch(_NUMBERED, name.lower()) is not None
    )
