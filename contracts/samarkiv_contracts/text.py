"""A sentence in the two languages of the product."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Language = Literal["sv", "en"]


class Text(BaseModel):
    """One sentence in Swedish and English; Swedish is the default language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sv: str
    en: str

    def get(self, language: str) -> str:
        """Return the sentence in `language` (`en`), Swedish for anything else."""
        return self.en if language == "en" else self.sv
