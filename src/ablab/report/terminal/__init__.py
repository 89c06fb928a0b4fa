"""What a terminal shows: training as it goes on, and the sections of a Result as lines."""
