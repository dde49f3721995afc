"""实操考试 at the site: sheets as they lie on the disk, what examiners do with them, their pages on the tablets."""
