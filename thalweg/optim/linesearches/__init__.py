"""Line searches: how far to go along an update, by values of the loss itself."""
