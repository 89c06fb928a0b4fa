"""What published reports say, beside what repeating them gives: figures by metric, claims with their answers."""
