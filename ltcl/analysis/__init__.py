"""What the tools and the end of a run write and draw. Drawing libraries are imported when something is drawn."""
