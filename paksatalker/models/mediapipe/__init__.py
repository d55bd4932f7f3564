"""MediaPipe's small networks: face landmarks and person segmentation."""
