"""Features of a frozen encoder, computed once and kept on the disk.

They lie in ``$XDG_CACHE_HOME/ltcl/features``, in a folder for each encoder with a preparation of the images. A row
belongs to the content of an image, so that runs, data sets and copies of an image share it.
"""

from .filling import fill_features

__all__ = ['fill_features']
