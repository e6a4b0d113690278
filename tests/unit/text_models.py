"""A real, tiny model of transformers that goes on with one text, whatever it is asked: made without training."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

BEGINS = "Summary:"  # the last word that it is asked with


def save_text_model(folder: Path, text: str, longest: int = 512) -> Path:
    """Save a GPT-2 that says these words, no two of them the same, behind `BEGINS`, each told by the one before."""
    words = [BEGINS, *text.split(), "<end>"]
    vocabulary = {"<unknown>": 0} | {word: place for place, word in enumerate(words, start=1)}
    assert len(vocabulary) == len(words) + 1
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unknown>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unknown>", eos_token="<end>")  # type: ignore[no-untyped-call]
    size = len(vocabulary)
    config = GPT2Config(
        vocab_size=size,
        n_embd=size,
        n_layer=1,
        n_head=1,
        n_positions=longest,
        tie_word_embeddings=False,
        bos_token_id=0,
        eos_token_id=size - 1,
    )
    model = GPT2LMHeadModel(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.transformer.ln_f.weight.fill_(1.0)
        model.transformer.wte.weight.copy_(torch.eye(size))
        for before, after in zip(range(1, size), range(2, size), strict=False):
            model.lm_head.weight[after, before] = 1.0
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
