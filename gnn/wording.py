"""Summaries of personas worded by a language model of a local folder, held to their evidence."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnn.evidence import Evidence
from kgrec.errors import KgrecError, first_line
from kgrec.text import replaced, shown
from kgrec.training.device import device

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TOKENS = 120  # of a summary
LONGEST = 500  # characters of one
TASK = "In two short sentences, tell what these users like. Use these facts and nothing else, no other name or number."


class TextModel:
    """A model that goes on with a text, as transformers saves it: weights, settings and tokenizer in one folder.

    It is read from there alone: nothing is asked of a hub, no code of the folder is run, and weights are safetensors,
    which hold none. It takes the likeliest token each time, so the same evidence gives the same words on a CPU.

    Args:
        folder: of the model.

    Raises:
        KgrecError: there is no such folder, or no such model in it.
    """

    def __init__(self, folder: str):
        place = Path(folder).expanduser()
        if not place.is_dir():
            raise KgrecError(
                f"There is no folder '{shown(folder)}' with a text model, as text_model of [hdgi] names it."
            )
        # Imported here: it takes seconds, and few have such a model.
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        self.name = place.resolve().name
        try:
            self._tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(str(place), **safe)
            model: Any = AutoModelForCausalLM.from_pretrained(
                str(place), use_safetensors=True, dtype="float32", **safe
            )  # fmt: skip
            self._model: PreTrainedModel = model.to(device()).eval()
            self._end = self._model.generation_config.eos_token_id or self._tokenizer.eos_token_id
            self._go_on(TASK, 1)
        except Exception as error:  # transformers has no one class for all that goes wrong
            raise KgrecError(
                f"The text model in {place}, as text_model of [hdgi] names it, cannot be used: {first_line(error)}. "
                "It has to be a folder with a text-generation model of transformers, its weights as safetensors."
            ) from error

    def word(self, evidence: Evidence) -> str | None:
        """Word a summary; ``None`` where the model says what the evidence does not bear out, or nothing."""
        said = _tidy(self._go_on("\n".join([*evidence.facts, TASK]), TOKENS))
        return said if said and evidence.bears(said) else None

    def _go_on(self, prompt: str, most: int) -> str:
        """Return what the model says behind a prompt, so many tokens at most; nothing where that does not fit it."""
        import torch
        from transformers import GenerationConfig

        tokens = self._tokens(prompt)
        longest = getattr(self._model.config, "max_position_embeddings", None)
        if longest is not None and tokens.shape[1] + most > longest:
            return ""
        first_end = self._end[0] if isinstance(self._end, list) else self._end
        pad = self._tokenizer.pad_token_id
        greedy = GenerationConfig(  # type: ignore[no-untyped-call]
            do_sample=False,
            num_beams=1,
            max_new_tokens=most,
            eos_token_id=self._end,
            pad_token_id=first_end if pad is None else pad,
        )
        self._model.generation_config = greedy  # what the folder says of it is left out
        generate: Any = self._model.generate
        with torch.inference_mode():
            found = generate(tokens, attention_mask=torch.ones_like(tokens), generation_config=greedy)
        return str(self._tokenizer.decode(found[0, tokens.shape[1] :], skip_special_tokens=True))

    def _tokens(self, prompt: str) -> Any:
        if self._tokenizer.chat_template:
            asked = [{"role": "user", "content": prompt}]
            prompt = str(self._tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True))
            found = self._tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
        else:
            found = self._tokenizer(f"{prompt}\nSummary:", return_tensors="pt")
        return found["input_ids"].to(self._model.device)


def _tidy(text: str) -> str:
    """Return the first paragraph on one line, without what must not be shown, of whole sentences and bounded length."""
    paragraph = next((part for part in text.split("\n\n") if part.strip()), "")
    line = " ".join(replaced(" ".join(paragraph.split()), lambda _: "").split())[:LONGEST]
    end = max(line.rfind(mark) for mark in ".!?。")
    return line[: end + 1]
