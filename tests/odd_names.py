"""Names that folders have and that terminals, spreadsheets, figures or encodings take for something else."""

from ltcl.neutral_text import FORMULA

ODD_NAMES = [
    '\x1b]0;owned\x07',
    '\x1b[31mred',
    '\x9b31m',
    '=HYPERLINK("http:x","y")',
    '@SUM(A1)',
    '+1',
    '-2',
    "'=q",
    '\ttab',
    '\rcr',
    '[red]x',
    '[bold]',
    '$\\frac$',
    '$1 to $5 bill',
    '^_{',
    '_under',
    'a\nb',
    'a,b',
    'c"d',
    'a|b',
    'x\\y',
    ' leading',
    'th\udce9',
    '猫 と 犬',
    '👩\u200d👩\u200d👧 family',
    'عربى',
    '\u202egnp.exe',
    '\u2028',
    'n' * 240,
]


def from_csv_cell(text: str) -> str:
    """The text that ``csv_cell`` was given; escapes of control characters stay."""
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text
