"""Which files are images: the suffix tells, and the content where it does not."""

import functools
import os
import warnings

from PIL import Image, features

from .transforms.image_files import readable_formats

# Has no mark of its own at the beginning of a file, so that only the suffix tells it.
UNMARKED = 'TGA'
# Kinds of images that people have and that need a reader, or a conversion.
IMAGE_LIKE = frozenset(
    str.split(
        '.arw .avif .avifs .bmp .cr2 .cr3 .dcm .dds .dib .dng .eps .exr .fits .gif .heic .heif .hif .ico .j2k .jfif '
        '.jp2 .jpe .jpeg .jpf .jpg .jpx .jxl .jxr .mpo .nef .nii .orf .pbm .pcx .pgm .png .pnm .ppm .psd .raf .raw '
        '.rw2 .svg .svs .tga .tif .tiff .webp .xcf'
    )
)
# Never looked into; a file with any other suffix, or with none, is asked what it holds.
OTHER = frozenset(
    str.split(
        '.7z .aae .bak .bin .c .cfg .ckpt .cpp .crdownload .css .csv .db .doc .docx .gz .h .h5 .hdf5 .html .ini .ipynb '
        '.js .json .jsonl .lock .log .mat .md .mov .mp3 .mp4 .npy .npz .parquet .part .pdf .pickle .pkl .pt .pth .py '
        '.pyc .rar .rst .safetensors .sh .sqlite .tar .tmp .toml .tsv .txt .wav .xls .xlsx .xml .xmp .yaml .yml .zip'
    )
)
# What systems leave in every folder: not worth a word.
LITTER_FILES = frozenset(('thumbs.db', 'desktop.ini', 'ehthumbs.db', 'picasa.ini', 'icon\r'))


@functools.cache
def readable_suffixes() -> tuple[str, ...]:
    """Suffixes of the image files that this installation reads, in lower case."""
    formats = {*readable_formats(), 'MPO'}  # several JPEG pictures in a file, of which the first is read
    known = Image.registered_extensions()
    readable = {suffix for suffix, kind in known.items() if kind in formats}
    if not features.check('jpg_2000'):
        readable -= {suffix for suffix in readable if known[suffix] == 'JPEG2000'}
    return tuple(sorted(readable))


def kind_of(name: str, path: str) -> str:
    """'image', 'no reader' (an image that this installation cannot read) or 'other'.

    Args:
        name: Name of a file.
        path: Where it lies. It is opened only if its suffix does not tell what it is, as in ``photo.jpg_large``.
    """
    name = name.lower()
    if name.endswith(readable_suffixes()):
        return 'image'
    suffix = os.path.splitext(name)[1]
    if suffix in IMAGE_LIKE:
        return 'no reader'
    # Editors end the name of a backup with a tilde.
    return 'other' if suffix in OTHER or name.endswith('~') or not _is_readable(path) else 'image'


def has_image_suffix(path: str) -> bool:
    """Whether a path ends as those of images do, readable here or not."""
    path = path.lower()
    return path.endswith(readable_suffixes()) or os.path.splitext(path)[1] in IMAGE_LIKE


def _is_readable(path: str) -> bool:
    formats = [kind for kind in readable_formats() if kind != UNMARKED]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of very large images, which decoding judges
            Image.open(path, formats=formats).close()
        return True
    # Pillow's plugins raise more than their documentation says.
    except Exception:
        return False
