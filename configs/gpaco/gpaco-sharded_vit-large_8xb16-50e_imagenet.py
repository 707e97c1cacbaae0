# GPaCo on ImageNet with ViT-L/16, its weights, gradients and optimizer state spread over the GPUs (FSDP).
#
#     tools/dist_train.sh configs/gpaco/gpaco-sharded_vit-large_8xb16-50e_imagenet.py 8
#
# For GPUs that hold no ViT-L beside its activations: of 4.9 GB of weights, gradients and AdamW's state each of eight
# keeps 0.6. The training is that of the recipe it is based on, and its checkpoints are of the same form: a run may go
# on with the one or the other. Not run here; tests/test_engine/test_sharded.py runs a small ViT both ways.
_base_ = './gpaco_vit-large_8xb16-50e_imagenet.py'

model_wrapper_cfg = dict(type='ltcl.FullyShardedModel')
