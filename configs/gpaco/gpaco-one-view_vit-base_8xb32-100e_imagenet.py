# GPaCo with one view an image on ImageNet with ViT-B/16, fine-tuned from MAE: half the work of two views.
#
#     tools/dist_train.sh configs/gpaco/gpaco-one-view_vit-base_8xb32-100e_imagenet.py 8
#
# The anchors are the view's embeddings; their positives are images of the same class in the batch and in the queue, so
# some anchors have none but their class centre. All else as the two-view recipe.
# The authors' code has this option; they publish no accuracy for it. Not run here.
_base_ = './gpaco_vit-base_8xb32-100e_imagenet.py'

model = dict(online_views=(0,))
train_pipeline = [_base_.load, dict(type='ltcl.Views', recipes=[_base_.rand_view], size=224), _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
