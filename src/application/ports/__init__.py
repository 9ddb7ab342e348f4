"""What the use cases need from the world, named as the business names it. Adapters satisfy these by shape; nothing inherits."""
