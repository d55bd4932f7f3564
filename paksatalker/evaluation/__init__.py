"""Measures for any talking video: is the mouth where the sound is, does the face live, does the picture hold still.

Every measure re-tracks the finished video with the face landmarker, so it judges what a viewer sees rather than what
the animation meant. Lengths are in *eye distances*: the distance of the outer eye corners in three dimensions.

Start with :func:`~paksatalker.evaluation.report.score`; the modules below it are small and usable on their own.
"""

from paksatalker.evaluation.measure import Measure, Target
from paksatalker.evaluation.report import Report, score
from paksatalker.evaluation.tracking import FaceMotion, track_image, track_video
from paksatalker.evaluation.transcript import Timeline

__all__ = ["FaceMotion", "Measure", "Report", "Target", "Timeline", "score", "track_image", "track_video"]
