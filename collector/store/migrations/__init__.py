"""The schema, as numbered SQL files that are applied once and never edited afterwards."""
