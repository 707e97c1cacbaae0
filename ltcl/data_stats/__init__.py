"""What images with labels or masks hold, and what follows from it: tail, damage, copies, doubtful labels, leaks."""
