"""Colours and type of the pictures of a run."""

from typing import Any

from .figure_names import PLAIN_TEXT

# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLOURS = {'many': '#0072B2', 'medium': '#009E73', 'few': '#D55E00', 'all': '#222222', None: '#8A8A8A'}
PART_COLOURS = ('#0072B2', '#E69F00', '#CC79A7', '#56B4E9', '#009E73', '#D55E00')
STYLE: Any = {
    **PLAIN_TEXT,
    'font.size': 10,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.edgecolor': '#666666',
    'axes.labelcolor': '#333333',
    'axes.titlesize': 11,
    'axes.titleweight': 'bold',
    'axes.titlelocation': 'left',
    'axes.axisbelow': True,
    'axes.grid': True,
    'axes.grid.axis': 'y',
    'grid.color': '#E4E4E4',
    'grid.linewidth': 0.8,
    'xtick.color': '#444444',
    'ytick.color': '#444444',
    'legend.frameon': False,
    'savefig.dpi': 150,
}
VALUE_TEXT: dict[str, Any] = {
    'ha': 'center',
    'va': 'bottom',
    'fontsize': 8,
    'color': '#333333',
    'bbox': {'facecolor': 'white', 'edgecolor': 'none', 'pad': 0.6, 'alpha': 0.8},
}
