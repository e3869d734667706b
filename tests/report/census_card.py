"""The card and the features of the census challenger, as the trainer leaves them."""

from __future__ import annotations

from typing import Any

from census_data import digest


def card() -> dict[str, Any]:
    """Something is said under every key."""
    sensitive = {"sensitive_data": ["sex", "race", "age"]}
    return {
        "schema_version": "0.0.2",
        "model_details": {
            "name": "census",
            "overview": "Who earns more than 50,000 dollars?",
            "documentation": f"Package {digest('package 7')}.",
            "owners": [{"name": "Ada", "contact": "ada@example.org"}, {"name": "Bob"}],
            "version": {"name": digest("package 7")},
            "licenses": [{"identifier": "Apache-2.0"}],
            "references": [{"reference": "https://example.org/adult"}, {"reference": "doi:10.24432/C5XW20"}],
            "citations": [{"citation": "Ada (2026)"}],
        },
        "model_parameters": {
            "model_architecture": "A Keras model (Functional) trained by Adam: Dense (1, 9 weights).",
            "data": [
                {"name": name, "description": f"{use} 2,441 rows.", "sensitive": sensitive}
                for name, use in (("train", "It fits."), ("eval", "It stops."), ("holdout", "It measures."))
            ],
            "input_format": "Rows as raw columns.",
            "input_format_map": [{"key": "age", "value": "number"}],
            "output_format": "The probability that income is '>50K'.",
        },
        "considerations": {
            "users": [{"description": "students"}],
            "use_cases": [{"description": "to learn"}],
            "limitations": [{"description": "Out of scope: decisions"}, {"description": "data of 1994"}],
            "tradeoffs": [{"description": "small and fast"}],
            "ethical_considerations": [
                {"name": "unequal errors", "mitigation_strategy": "measured by slice"},
                {"name": "misuse"},
            ],
        },
    }


def features() -> dict[str, Any]:
    """A number and a vocabulary."""
    return {
        "columns": [{"name": "age", "input": "age", "type": "number", "stored_as": "int64_list"}],
        "features": [
            {
                "name": "age",
                "input": "age",
                "kind": "numeric",
                "version": 2,
                "columns": ["age"],
                "declared": {"log": True, "clip": [None, None], "normalise": "standard"},
                "fitted": {"offset": 38.5, "scale": 13.0, "fill": 0.0, "quantiles": [-1.0, 0.0, 1.0]},
            },
            {
                "name": "job",
                "input": "job",
                "kind": "categorical",
                "version": 1,
                "columns": ["occupation"],
                "declared": {"min_count": 5, "max_size": 0, "hash": 0},
                "fitted": {"vocabulary": ["Sales", "Tech-support"]},
            },
            {
                "name": "hired",
                "input": "hired",
                "kind": "date",
                "version": 1,
                "columns": ["hired"],
                "declared": {"parts": ["month", "weekday", "hour"]},
                "fitted": {"mean": 0.0, "std": 1.0},
            },
        ],
        "label": {"column": "income", "positive": ">50K", "negative": "<=50K"},
    }
