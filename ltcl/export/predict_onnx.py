"""Use an ONNX file that `ltcl export` wrote on images. Needs onnxruntime, Pillow and NumPy; no torch, no ltcl.

The table is that of `ltcl predict`: path,class,probability; with --top 2 also class_2,probability_2, and so on. The
class of an answer below --reject is empty. An image that cannot be read has neither class nor probability; it is listed
at the end, and the status is then 4. Ctrl-C writes what is done: predictions.csv becomes predictions.partial.csv.

Of a model that segments, --out is a folder for a mask of each image and predictions.csv, as `ltcl predict` has them.

examples:
  python predict_onnx.py model.onnx photos/ --out predictions.csv
  python predict_onnx.py model.onnx a.jpg b.jpg --top 3 --prior balanced
  python predict_onnx.py model.onnx photos/ --reject 0.8
  python predict_onnx.py segmentation.onnx photos/ --out masks/

In your own program, `probabilities` has the order of `classes`:

  session = onnxruntime.InferenceSession('model.onnx')
  classes = json.loads(session.get_modelmeta().custom_metadata_map['classes'])
  [probabilities] = session.run(['probabilities'], {'images': rgb[None]})     # rgb: (H, W, 3), uint8, any size
"""

import argparse
import contextlib
import csv
import io
import json
import mimetypes
import os
import re
import struct
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from PIL import Image, UnidentifiedImageError

FORMATS = ('JPEG', 'PNG', 'WEBP', 'TIFF', 'GIF', 'BMP', 'PPM', 'JPEG2000', 'TGA', 'AVIF')
# Files that were not written to their end, and copies that editors leave.
UNFINISHED = ('.bak', '.crdownload', '.part', '.tmp')
# Folders of systems, and those of trainings, which lie beside the images.
SYSTEM_FOLDERS = (
    *('__macosx', 'lost+found', '@eadir', '@recycle', '@recently-snapshot', '#recycle', '#snapshot', '$recycle.bin'),
    *('system volume information', '__pycache__', 'node_modules'),
)
TOOL_FOLDERS = ('runs', 'work_dirs', 'work_dir', 'wandb', 'mlruns', 'lightning_logs', 'tensorboard', 'venv')
OF_A_RUN = 'last_checkpoint'  # file of a work dir
UNREADABLE, STOPPED = 4, 130
TABLE = 'predictions.csv'
BITS, MAX_VALUE = 258, 281  # tags of TIFF
ORIENTATION = 274  # tag of EXIF
# What is done to a picture by the value of that tag. `ImageOps.exif_transpose` fails where another tag is damaged.
TURNS = dict(
    zip(
        range(2, 9),
        ['FLIP_LEFT_RIGHT', 'ROTATE_180', 'FLIP_TOP_BOTTOM', 'TRANSPOSE', 'ROTATE_270', 'TRANSVERSE', 'ROTATE_90'],
        strict=True,
    )
)
# Images of a class from which a class mix can be estimated.
ENOUGH = 10
# What a spreadsheet takes for a formula, bytes of a file name that are no UTF-8, and what would command a terminal.
FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠]|'*[\t\r\n]")
STRAY_BYTES = re.compile('[\udc80-\udcff]+')
UNSEEN = re.compile('[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]')


def main() -> None:
    """Read the command line, use the model, write what it answers."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, 'reconfigure'):  # notebooks put other objects there
            stream.reconfigure(errors='backslashreplace')
    args = parse()
    session, facts = load(args.model)
    mix = 'balanced' if args.prior == 'estimate' else args.prior
    inputs = {} if mix is None else {'log_prior': log_prior(mix, facts)}
    unreadable = (segment if 'masks' in facts else classify)(session, facts, inputs, args)
    for path, reason in unreadable.items():
        tell(f'cannot read {path} ({reason})')
    sys.exit(UNREADABLE if unreadable else 0)


def classify(session: Any, facts: dict, inputs: dict, args: argparse.Namespace) -> dict[str, str]:
    """Classify, write the table; why images could not be read, by path."""
    least = least_probabilities(args.reject, args.prior, facts)
    refuse_unwritable(args.out)
    paths = find_images(args.paths)
    found: list[tuple[str, np.ndarray | None]] = []
    unreadable: dict[str, str] = {}
    is_stopped = False
    try:
        for path, images in read_images(paths, facts, unreadable):
            inputs['images'] = images
            found.append((path, None if images is None else session.run(['probabilities'], inputs)[0][0]))
    except KeyboardInterrupt:
        is_stopped = True
    if len(unreadable) == len(found):
        refuse_none(paths, unreadable)
        sys.exit(STOPPED)
    if args.prior == 'estimate':
        num_read = len(found) - len(unreadable)
        if num_read < ENOUGH * len(facts['classes']):
            tell(f'estimate: {of_few(num_read, len(facts["classes"]))}')
        found = for_their_mix(found)
    top = min(args.top, len(facts['classes']))
    rows = [
        [path, *([None] * 2 * top if each is None else ranked(each, facts['classes'], top, least))]
        for path, each in found
    ]
    out = '.partial'.join(os.path.splitext(args.out)) if args.out and is_stopped else args.out
    write(out, table(rows, top), len(rows))
    if is_stopped:
        tell(f'stopped: {len(found)} of {len(paths)} images are answered')
        sys.exit(STOPPED)
    return unreadable


def of_few(num_images: int, num_classes: int) -> str:
    """What is said of a class mix that is estimated from few images."""
    return (
        f'the class mix of so few images ({num_images:,}) is a guess, as it takes {ENOUGH} for each of the '
        f'{num_classes} classes: what the model believes is made surer'
    )


def for_their_mix(found: list[tuple[str, np.ndarray | None]]) -> list[tuple[str, np.ndarray | None]]:
    """Probabilities for the class mix of the images themselves, from those for the balanced mix.

    By expectation maximisation, Saerens et al., https://doi.org/10.1162/089976602753284446, 2002.
    """
    fits = np.array([each for _, each in found if each is not None], np.float64)
    shares = np.full(fits.shape[1], 1 / fits.shape[1])
    for _ in range(2000):
        updated = shares * (fits / (fits @ shares)[:, None]).mean(0)
        is_settled = np.abs(updated - shares).max() < 1e-8
        shares = updated
        if is_settled:
            break
    scores = (each * shares if each is not None else None for _, each in found)
    return [
        (path, None if each is None else (each / each.sum()).astype(np.float32))
        for (path, _), each in zip(found, scores, strict=True)
    ]


def segment(session: Any, facts: dict, inputs: dict, args: argparse.Namespace) -> dict[str, str]:
    """Segment, write masks and the table beside them; why images could not be read, by path."""
    if args.out is None or args.top > 1 or args.reject == 'stored' or args.prior == 'estimate':
        stop(
            'this model segments: name a folder for masks, --out FOLDER; omit --top, give --reject a probability, and '
            '--prior no estimate'
        )
    least = least_probabilities(args.reject, args.prior, facts)[0]
    paths = outside(find_images(args.paths), args.paths, args.out)
    unreadable: dict[str, str] = {}
    done = 0
    try:
        folder = MaskFolder(args.out, args.paths, paths, facts['classes'], facts['masks'], least > 0)
        for path, images in read_images(paths, facts, unreadable):
            if images is None:
                folder.skip(path)
                continue
            [found], [labels] = session.run(['probabilities', 'labels'], {'images': images, **inputs})
            [confidence] = np.take_along_axis(found, labels[None].astype(int), 0)
            folder.add(path, np.where(confidence < least, folder.void, labels), confidence)
            done += 1
    except KeyboardInterrupt:
        tell(f'stopped: {done} of {len(paths)} images have their mask in {args.out}')
        sys.exit(STOPPED)
    except FolderError as error:
        stop(f'--out {args.out}: {error}')
    refuse_none(paths, unreadable)
    tell(f'masks of {len(paths) - len(unreadable)} images and {TABLE} in {args.out}')
    return unreadable


def read_images(paths: list[str], facts: dict, unreadable: dict[str, str]) -> Iterator[tuple[str, np.ndarray | None]]:
    """Each path with its image (1, H, W, 3), or None and a reason in ``unreadable``."""
    for path in paths:
        try:
            images = read_image(path, facts['decoding'])[None]
        except Exception as error:  # Pillow's plugins raise what they like
            unreadable[path] = ' '.join(str(error).split()) or type(error).__name__
            images = None
        yield path, images


def refuse_none(paths: list[str], unreadable: dict[str, str]) -> None:
    """Stop where none of the images can be read."""
    if len(unreadable) == len(paths):
        stop(f'none of the {len(paths)} images can be read, such as {paths[0]} ({unreadable[paths[0]]})')


def parse() -> argparse.Namespace:
    """The command line."""
    about, _, examples = (__doc__ or '').partition('\nexamples:')
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=about, epilog='examples:' + examples, formatter_class=form)
    parser.add_argument('model', help='file that `ltcl export` wrote')
    parser.add_argument('paths', nargs='+', metavar='PATH', help='image file, or folder of images at any depth')
    parser.add_argument('--out', metavar='FILE', help='.csv file; by default the table is printed')
    parser.add_argument('--top', type=int, default=1, metavar='K', help='classes of each answer')
    parser.add_argument('--prior', metavar='natural|balanced|estimate|FILE', help='class mix of the images')
    parser.add_argument(
        '--reject', default='0', metavar='P|stored', help='least probability of an answer; stored: those of the file'
    )
    args = parser.parse_args()
    if args.top < 1:
        parser.error(f'--top {args.top} must be at least 1')
    return args


def load(path: str) -> tuple[Any, dict]:
    """The model and what its file tells of it."""
    try:
        import onnxruntime
    except ImportError:
        stop('onnxruntime is missing: pip install onnxruntime')
    if not os.path.isfile(path):
        stop(f'there is no file {path}')
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(path, options, providers=onnxruntime.get_available_providers())
    except Exception as error:  # of onnxruntime's own kinds
        reason = ' '.join(str(error).split())[:200]
        stop(
            f'onnxruntime {onnxruntime.__version__} cannot load {path} ({reason}): it is damaged, or newer than this '
            'onnxruntime: upgrade it, or export with a lower --opset'
        )
    texts = session.get_modelmeta().custom_metadata_map
    if 'classes' not in texts or 'decoding' not in texts:
        stop(f'{path} was not written by `ltcl export`')
    return session, {name: json.loads(text) for name, text in texts.items()}


def log_prior(prior: str, facts: dict) -> np.ndarray:
    """Logs of the class shares of a mix: one that the file knows, or a CSV file with the columns class,share."""
    known = facts['log_priors']
    if not known:
        stop('this model does not tell which class mix it answers for: leave --prior out')
    if prior in known:
        return np.array(known[prior], np.float32)
    try:
        with open(prior, encoding='utf-8-sig', newline='') as file:
            header, *rows = [row for row in csv.reader(file) if row]
        names = own_names([plain(name) for name, _ in rows], facts['classes'])
        shares = dict(zip(names, [float(share) for _, share in rows], strict=True))
    except (OSError, ValueError, csv.Error) as error:
        stop(f'--prior {prior} is none of {", ".join(known)}, nor a CSV file with the columns class,share ({error})')
    if len(shares) < len(names):
        stop(f'{prior} has the class {Counter(names).most_common(1)[0][0]} twice: keep one line')
    wrong = sorted(set(facts['classes']) ^ set(shares))
    if header != ['class', 'share'] or wrong or min(shares.values()) < 0 or not 0 < sum(shares.values()) < np.inf:
        reason = f'{wrong[0]} is not in both' if wrong else 'shares are numbers from 0, not all 0'
        stop(f'{prior} must have the columns class,share and a line for each class of the model: {reason}')
    logs = np.log(np.maximum([shares[name] / sum(shares.values()) for name in facts['classes']], 1e-300))
    return np.where(logs < -690, -1e4, logs).astype(np.float32)


def own_names(names: list[str], classes: list[str]) -> list[str]:
    """Names as the model has them; a table spells control characters, accents and numbers otherwise."""
    by_value = all(map(is_number, classes))

    def key(name: str) -> str:
        name = plain(str(cell(name)))
        return str(int(name)) if by_value and is_number(name) else unicodedata.normalize('NFC', name)

    own: dict[str, str] = {}
    for name in classes:
        own.setdefault(key(name), name)
    return [own.get(key(name), name) for name in names]


def is_number(name: str) -> bool:
    """Whether a name is written as a whole number from 0."""
    return name.isascii() and name.isdecimal()


def least_probabilities(reject: str, prior: str | None, facts: dict) -> np.ndarray:
    """The least probability of an answer with each class."""
    if reject != 'stored':
        try:
            least = float(reject)
        except ValueError:
            least = -1
        if not 0 <= least <= 1:
            stop(f'--reject {reject} is neither a probability from 0 to 1 nor stored')
        return np.full(len(facts['classes']), least)
    if facts.get('thresholds') is None:
        stop('no thresholds are stored: `ltcl calibrate RUN --precision 0.95` chooses them, then export anew')
    if prior is not None or facts['prior'] not in ('as trained', 'as calibrated'):
        stop('--reject stored was chosen for the calibrated answers: omit --prior, here and at the export')
    return np.array([np.inf if least is None else least for least in facts['thresholds']])


def find_images(paths: list[str]) -> list[str]:
    """The files named, and the images below the folders named, sorted."""
    readable = (*formats(), 'MPO')  # several JPEG pictures in a file, of which the first is read
    suffixes = {suffix for suffix, kind in Image.registered_extensions().items() if kind in readable}
    found = []
    for path in paths:
        if not os.path.exists(path):
            stop(f'{path} does not exist: name an image file, or a folder of them')
        below = [path]
        if os.path.isdir(path):
            below = sorted(each for each in _files(path) if _is_image(each, suffixes))
        if not below:
            stop(f'the folder {path} has no image')
        found += below
    return found


def _files(root: str) -> Iterator[str]:
    """Files below a folder, also those that links lead to, each folder once; what trainings left there is told."""
    seen, of_runs = set(), []
    for folder, below, names in os.walk(root, followlinks=True):
        is_run = folder != root and OF_A_RUN in names
        if is_run or os.path.realpath(folder) in seen:
            of_runs += [folder] * is_run
            below.clear()
            continue
        seen.add(os.path.realpath(folder))
        tools = [name for name in below if folder == root and name.lower() in TOOL_FOLDERS]
        of_runs += [os.path.join(folder, name) for name in tools]
        below[:] = [name for name in below if name not in tools and not _is_litter(name)]
        yield from (os.path.join(folder, name) for name in names if not name.startswith('.'))
    if of_runs:
        tell(f'warning: {root}: left out, since trainings leave such folders: {", ".join(sorted(of_runs))}')


def _is_litter(name: str) -> bool:
    """Whether a folder is hidden or a system's own."""
    return name.startswith('.') or name.lower() in SYSTEM_FOLDERS


def _is_image(path: str, suffixes: set[str]) -> bool:
    """Whether a file is an image: the suffix tells, and the content where it means nothing."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix in suffixes:
        return True
    if suffix in UNFINISHED or path.endswith('~') or mimetypes.guess_type(path)[0] is not None:
        return False
    try:
        Image.open(path, formats=[name for name in formats() if name != 'TGA']).close()  # TGA has no mark of its own
    except Exception:  # Pillow's plugins raise more than their documentation says
        return False
    return True


def formats() -> list[str]:
    """Those of FORMATS that this Pillow reads."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def read_image(path: str, decoding: dict) -> np.ndarray:
    """Decode a file as the training did.

    Args:
        path: The file.
        decoding: ``exif``: turn the picture by its EXIF tag; ``background``: colour below transparent pixels, or None;
            ``value_range``: what becomes 0 and 255 of grey files of more than 8 bits: two numbers, 'auto' or None, the
            depth of the file; ``max_pixels``: the most that are read, or None.

    Returns:
        RGB (H, W, 3), uint8. Grey is repeated; CMYK, LAB and palettes are converted.
    """
    # Given a path, Pillow 13 mixes up the pixels of grey TIFF files that it turns.
    content = io.BytesIO(Path(path).read_bytes())
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        image: Any = Image.open(content, formats=formats())
    except UnidentifiedImageError:
        raise OSError('it is no image that can be read here') from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    with image as source:
        if decoding['max_pixels'] is not None and image.width * image.height > decoding['max_pixels']:
            raise OSError(f'{image.width} x {image.height} pixels are too many')
        is_grey = image.mode.startswith(('I', 'F'))
        if not is_grey and _is_deep(image):
            raise OSError('it has colours of more than 8 bits: save it with 8')
        source.load()  # Pillow turns TIFF files as it reads them, and takes the tag away
        if is_grey:
            image = Image.fromarray(_eight_bits(image, path, decoding['value_range']))
        if decoding['exif']:
            image = _turned(image, source)
        if 'transparency' in image.info or image.mode.endswith(('A', 'a')):
            image = image.convert('RGBA')
            if decoding['background'] is not None:
                image = Image.alpha_composite(Image.new('RGBA', image.size, (*decoding['background'], 255)), image)
        return np.array(image.convert('RGB'))


def _turned(image: Any, source: Any) -> Any:
    """A picture as it is looked at, by the EXIF tag of its file; as it lies where that is damaged."""
    try:
        turn = TURNS.get(source.getexif().get(ORIENTATION))
    except Exception:  # Pillow raises what it likes on damaged tags
        turn = None
    return image if turn is None else image.transpose(Image.Transpose[turn])


def _is_deep(image: Any) -> bool:
    if image.format == 'TIFF':
        return max(image.tag_v2.get(BITS, (1,))) > 8
    return image.format == 'PNG' and any(';16' in str(tile) for tile in image.tile)


def _eight_bits(image: Any, path: str, value_range: Any) -> np.ndarray:
    """Grey values of more than 8 bits, scaled to 0..255."""
    values = np.asarray(image)
    if value_range is None:
        if values.dtype.kind == 'f' or values.min() < 0 or values.max() > 65535:
            raise OSError('its values have no known range: save it with 8 or 16 bits')
        value_range = (0, _largest(image, path, values) if values.dtype.itemsize == 2 else 65535)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if value_range == 'auto' else value_range
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    values = np.nan_to_num(values.astype(float), nan=low, posinf=high, neginf=low)
    return np.rint((np.clip(values, low, high) - low) / ((high - low) / 255)).astype(np.uint8)


def _largest(image: Any, path: str, values: np.ndarray) -> int:
    """The largest value that a grey file of 16 bits can have, as far as it tells."""
    bits = 16
    if image.format == 'TIFF':
        stated = int(np.ravel(image.tag_v2.get(MAX_VALUE, 65535)).max())
        bits = image.tag_v2.get(BITS, (16,))[0]
        if stated.bit_length() > 8 and stated >= 2 ** stated.bit_length() * 255 / 256:
            bits = min(bits, stated.bit_length())
    elif image.format == 'PNG':
        head = Path(path).read_bytes().partition(b'IDAT')[0]
        place = head.find(b'sBIT')
        if place >= 4:
            [length] = struct.unpack('>I', head[place - 4 : place])
            stated = max(head[place + 4 : place + 4 + min(length, 3)], default=0)
            if 8 < stated < 16 and values.max(initial=0) < 2**stated:
                bits = stated
    return 2**bits - 1


def ranked(probabilities: np.ndarray, classes: list[str], top: int, least: np.ndarray) -> list:
    """Name and probability of the likeliest classes, one after another; no name for a first one below the least."""
    order = np.argsort(-probabilities, kind='stable')[:top]
    cells = [cell for label in order for cell in (classes[label], float(str(probabilities[label])))]
    return cells if probabilities[order[0]] >= least[order[0]] else [None, *cells[1:]]


def table(rows: list[list], top: int) -> str:
    """The table as the text of a CSV file, with no cell that a spreadsheet would run."""
    more = [f'{name}_{rank}' for rank in range(2, top + 1) for name in ('class', 'probability')]
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator='\n')
    for row in (['path', 'class', 'probability', *more], *rows):
        writer.writerow([cell(value) for value in row[: 1 + 2 * top]])
    return file.getvalue()


def cell(value: object) -> object:
    """A cell of the table: text that begins like a formula gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    value = visible(value, keep='\n\t')
    return f"'{value}" if FORMULA.match(value) else value


def visible(text: str, keep: str = '') -> str:
    """Text with escapes for control characters, but for those to keep, and for bytes that are no UTF-8."""
    text = STRAY_BYTES.sub(lambda found: _decoded(found[0]), text)
    return UNSEEN.sub(lambda found: found[0] if found[0] in keep else found[0].encode('unicode_escape').decode(), text)


def _decoded(stray: str) -> str:
    return stray.encode('utf-8', 'surrogateescape').decode('utf-8', 'backslashreplace')


def plain(text: str) -> str:
    """The text of a cell."""
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text


class FolderError(Exception):
    """Why masks cannot be written."""


class MaskFolder:
    """A folder for the masks of images and a table of them; both are written image by image, as they come.

    Args:
        path: The folder, made if it is not there.
        given: Images and folders, as they were named.
        images: The images, those in the folders one by one.
        classes: Names of the classes.
        masks: ``values`` of the classes in masks, the last one for no class: numbers of 0..255, or red, green and blue;
            ``palette``, a colour of each number, or None.
        with_rejected: Whether there is a column for the share of the pixels that are of no class.

    Raises:
        FolderError: The folder has files of these names that are no predictions, or it cannot be written to.
    """

    def __init__(
        self, path: str, given: list[str], images: list[str], classes: list[str], masks: dict, with_rejected: bool
    ) -> None:
        self.path, self.classes, self.with_rejected = path, classes, with_rejected
        self.values, self.palette = np.array(masks['values'], np.uint8), masks['palette']
        self.void = len(classes)
        self.names = dict(zip(images, mask_names(given, images), strict=True))
        rejected = ['rejected'] if with_rejected else []
        self.header = ['path', 'mask', 'confidence', *rejected, *(f'share_{name}' for name in classes)]
        self._refuse_others(given)
        with self._writing():
            os.makedirs(path, exist_ok=True)
            self._begin()

    def _begin(self) -> None:
        self._add_row(self.header, 'w')

    def add(self, image: str, labels: np.ndarray, confidence: np.ndarray) -> None:
        """Write the mask of an image.

        Args:
            image: Its path.
            labels: Class of each pixel, shape (H, W); from the number of classes on it is none.
            confidence: Its probability, shape (H, W).
        """
        place = os.path.join(self.path, self.names[image])
        with self._writing():
            os.makedirs(os.path.dirname(place), exist_ok=True)
            Path(place + '.partial').write_bytes(self.png(labels))
            self._add_row(self.row(image, labels, confidence))
            os.replace(place + '.partial', place)

    def skip(self, image: str) -> None:
        """Write the row of an image that could not be read."""
        with self._writing():
            self._add_row([image, *[None] * (len(self.header) - 1)])

    def png(self, labels: np.ndarray) -> bytes:
        """The content of a mask file."""
        picture = Image.fromarray(self.values[np.minimum(labels, self.void)])
        if self.palette is not None:
            picture.putpalette([channel for colour in self.palette for channel in colour])
        file = io.BytesIO()
        picture.save(file, 'PNG')
        return file.getvalue()

    def row(self, image: str, labels: np.ndarray, confidence: np.ndarray) -> list:
        """The row of an image in the table."""
        counts = np.bincount(np.minimum(labels, self.void).ravel(), minlength=self.void + 1)
        shares = (counts / labels.size).round(6).tolist()
        shares = [shares[-1], *shares[:-1]] if self.with_rejected else shares[:-1]
        return [image, self.names[image], round(float(confidence.mean(dtype=np.float64)), 6), *shares]

    @staticmethod
    def text(rows: list[list]) -> str:
        """Rows as they stand in the table."""
        file = io.StringIO()
        csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator='\n').writerows([map(cell, row) for row in rows])
        return file.getvalue()

    def _add_row(self, row: list, mode: str = 'a') -> None:
        with open(os.path.join(self.path, TABLE), mode, encoding='utf-8', errors='surrogateescape', newline='') as file:
            file.write(self.text([row]))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            place = error.filename or self.path
            raise FolderError(f'cannot write {place} ({error.strerror or error}); what was written stands') from error

    def _refuse_others(self, given: list[str]) -> None:
        if os.path.isfile(os.path.abspath(self.path)):
            raise FolderError('it is a file: name a folder')
        if not self.names:
            raise FolderError('there are no images but the masks in it: name images')
        earlier = self.earlier()
        images = set(map(os.path.realpath, self.names))
        for name in self.names.values():
            place = os.path.join(self.path, name)
            if os.path.realpath(place) in images:
                raise FolderError(f'the mask would take the place of the image {place}: name another folder')
            if os.path.exists(place) and cell(name) not in earlier:
                raise FolderError(f'{place} is there, and no {TABLE} says that it is a prediction: name another folder')
        if os.path.realpath(self.path) in map(os.path.realpath, given):
            raise FolderError('it is the folder of the images, and a mask would be one of them: name another folder')

    def earlier(self) -> set[str]:
        """Names of the masks of an earlier prediction, as they stand in its table."""
        try:
            with open(os.path.join(self.path, TABLE), encoding='utf-8', errors='surrogateescape', newline='') as file:
                return {row['mask'] for row in csv.DictReader(file) if row.get('mask')}
        except (OSError, csv.Error):
            return set()


def outside(images: list[str], given: list[str], out: str) -> list[str]:
    """Those of some images that are no masks of an earlier prediction.

    Args:
        images: What was found.
        given: Images and folders, as they were named.
        out: The folder of the masks: what was found in it was not meant, where it lies below a folder that was named.
    """
    folder = os.path.join(os.path.realpath(out), '')
    roots = [os.path.join(os.path.realpath(each), '') for each in given]
    if not any(folder.startswith(root) and folder != root for root in roots):
        return images
    named = set(given)
    return [each for each in images if each in named or not os.path.realpath(each).startswith(folder)]


def mask_names(given: list[str], images: list[str]) -> list[str]:
    """File names of masks, below the folder for them: the folders that images lie in are kept.

    Returns:
        ``b/1.png`` for ``a/b/1.jpg`` of the folder ``a``; where images differ in their suffixes only, ``b/1.jpg.png``.
    """
    folders = [each if os.path.isdir(each) else os.path.dirname(each) for each in given]
    root = os.path.commonpath(list(map(os.path.abspath, folders)))
    long = [os.path.relpath(os.path.abspath(each), root) for each in images]
    stems = {name: os.path.splitext(name)[0] for name in long}
    shared = Counter(stems[name] for name in set(long))
    names = [name if shared[stems[name]] > 1 else stems[name] for name in long]
    is_unique = len(set(names)) == len(set(long))
    return [f'{name}.png' for name in (names if is_unique else long)]


def refuse_unwritable(path: str | None) -> None:
    """Stop where the table is no .csv file or cannot be written, before the first image is read."""
    if path is None:
        return
    if not path.endswith('.csv'):
        stop(f'--out {path} must end in .csv: the table of classes is written')
    if os.path.isdir(path):
        stop(f'cannot write {path} (it is a folder)')
    try:
        tempfile.TemporaryFile(dir=os.path.dirname(os.path.abspath(path))).close()
    except OSError as error:
        stop(f'cannot write {path} ({error.strerror})')


def write(path: str | None, text: str, number: int) -> None:
    """Write the table of a number of images to a file, or print it."""
    if path is None:
        sys.stdout.write(text)
        return
    partial = f'{path}.partial'
    try:
        Path(partial).write_text(text, encoding='utf-8')
        os.replace(partial, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.remove(partial)
        stop(f'cannot write {path} ({error.strerror})')
    tell(f'{number} images in {path}')


def stop(message: str) -> NoReturn:
    """End with a message."""
    tell(f'error: {message}')
    sys.exit(1)


def tell(message: str) -> None:
    """Print a line on standard error."""
    print(visible(message), file=sys.stderr)


if __name__ == '__main__':
    main()
