"""From a folder of images to a trained model: what `ltcl train DATA` does."""
