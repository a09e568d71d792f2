"""The tables of the papers: what they print beside what is counted here."""
