"""The room of what was made of images for viewers, and can be made again."""
