"""What tells the weights that a training starts from: a file may be written anew under its name."""

from hashlib import blake2b
from pathlib import Path

from mmengine.config import Config

from ltcl.launch.nodes import dicts_in

DIGEST_BYTES = 8
PIECE_BYTES = 2**20


def fingerprint_of_weights(cfg: Config) -> str:
    """A fingerprint of what the files hold that a config starts from, ``load_from`` and weights of the backbone.

    Args:
        cfg: The config; names and URLs of weights stand for themselves.

    Returns:
        16 hexadecimal digits; nothing where no such file is there.
    """
    named = [each.get('checkpoint') for each in dicts_in(cfg.model) if each.get('type') == 'Pretrained']
    files = [path for path in map(Path, filter(None, (cfg.get('load_from'), *named))) if path.is_file()]
    digest = blake2b(digest_size=DIGEST_BYTES)
    for path in files:
        with path.open('rb') as file:
            while piece := file.read(PIECE_BYTES):
                digest.update(piece)
    return digest.hexdigest() if files else ''
