"""A trained model in use: predictions and features of images, for the class mix that they are met in."""

from .answers import Embeddings, Prediction
from .classifier import LongTailClassifier
from .image_model import ImageModel
from .images import Image
from .segmenter import LongTailSegmenter, Segmentation

__all__ = ['Embeddings', 'Image', 'ImageModel', 'LongTailClassifier', 'LongTailSegmenter', 'Prediction', 'Segmentation']
