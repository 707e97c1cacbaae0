"""What PaCo asks of the centre of a class, and the weight of the positives that asks it."""

from collections.abc import Sequence

# As published on ImageNet-LT: alpha 0.05, 8,192 rows of the queue and 64 of the batch, 1,280 of 115,846 images.
PUBLISHED_ALPHA = 0.05
PUBLISHED_SHARE = 0.18
# What the rule gives to the centre of the largest class: as much as to all its positives together. Shares from 0.4 to
# 0.9 end alike on Fashion-MNIST-LT and on openclipart (docs/recipes.md).
TARGET_SHARE = 0.5
# A centre is not to be asked for less than this many times what guessing among the classes gives.
TIMES_GUESSING = 10


def expected_positives(rows: int, class_count: int, num_images: int) -> float:
    """Rows of its own class that an image is expected to meet.

    Rows come from images drawn evenly, so a class has among them the share that it has among the images. The other view
    of the same image, which is certain, is left out: it is one row for every class alike.

    Args:
        rows: Rows that an anchor is compared with: those of the batch, all views, and of the queue.
        class_count: Training images of the class.
        num_images: Training images of all classes.
    """
    return rows * class_count / num_images


def centre_share(alpha: float, positives: float) -> float:
    """Probability that PaCo asks of a class's centre; each positive is asked for ``alpha`` times as much.

    The weights of the loss are 1 for the centre and alpha for each positive, divided by their sum. A cross entropy with
    such soft targets is least where the probabilities are the targets, so the centre is driven to
    ``1 / (1 + alpha * positives)`` (`Parametric Contrastive Learning <https://arxiv.org/abs/2107.12028>`_, section 3.3,
    there with K_y positives).

    Args:
        alpha: Weight of a positive.
        positives: Rows of the anchor's class.

    Example:
        >>> round(centre_share(0.05, expected_positives(8192 + 64, 1280, 115846)), 2)  # published, ImageNet-LT
        0.18
    """
    return 1 / (1 + alpha * positives)


def alpha_for(share: float, positives: float) -> float:
    """The weight of a positive that asks for a share of the centre: :func:`centre_share`, solved for alpha.

    Args:
        share: Probability of the centre, in 0..1, not 0.
        positives: Rows of the anchor's class, more than 0.
    """
    return (1 / share - 1) / positives


def least_share(num_classes: int) -> float:
    """The share of the largest class's centre below which a training is warned of.

    With as little, centres of the head classes are trained to what guessing gives, ``1 / num_classes``, while those of
    the tail, which meet no positives, are trained to 1; with the prior on top, the tail is predicted for everything.
    The published settings keep ten times as much as guessing, or what ImageNet-LT has, whichever is less.

    Args:
        num_classes: Number of classes.
    """
    return min(PUBLISHED_SHARE, TIMES_GUESSING / num_classes)


def largest_share(counts: Sequence[int], rows: int, alpha: float) -> float:
    """:func:`centre_share` of the largest class.

    Args:
        counts: Training images per class.
        rows: As in :func:`expected_positives`.
        alpha: Weight of a positive.
    """
    return centre_share(alpha, expected_positives(rows, max(counts), sum(counts)))


def remark_on_share(counts: Sequence[int], queue_len: int, batch_rows: int, alpha: float) -> str | None:
    """What to tell who set a queue and an alpha that ask too little of the largest class's centre.

    Args:
        counts: Training images per class.
        queue_len: Rows of the queue.
        batch_rows: Rows of the batch: images of a step on a process, times views.
        alpha: Weight of a positive.

    Returns:
        What is the matter and the number to set; None if nothing is.
    """
    rows, bound = queue_len + batch_rows, least_share(len(counts))
    share = largest_share(counts, rows, alpha)
    if share >= bound:
        return None
    positives = expected_positives(rows, max(counts), sum(counts))
    return (
        f'alpha={alpha:g} asks only {share:.3f} of the centre of the largest class, whose images meet {positives:,.0f} '
        f'of their class among {rows:,} rows: below {bound:.2g} classes of many images are hardly ever predicted. Set '
        f'model.head.alpha={fitting_alpha(positives):g}, or --fit-recipe, which fits the length of the queue as well; '
        'with a folder of images it is fitted unless --cfg-options set it: leave alpha and queue_len out of them'
    )


def fitting_alpha(positives: float) -> float:
    """The alpha that gives :data:`TARGET_SHARE` to a centre, in two digits; at most the published one.

    Args:
        positives: Rows of its class that an image of the largest class meets.
    """
    return float(f'{min(PUBLISHED_ALPHA, alpha_for(TARGET_SHARE, positives)):.2g}')
