"""Every sentence that Usher can say, in one room, one file per feature, to be read aloud.

They go to tired people: short, kind and exact; they never scold, and they say what happens next and how
to say no. Names are shown as code, which notifies nobody; `mention` alone does, and only reminders use it.

Texts of others go through `code` or `user`. What a function puts into its sentence as it is, because it is a sentence
already, is declared `Said`; what is no comment but a line on a page or in a message is `Plain`.
`tests/test_words.py` reads every function for that.

A new feature adds a file here, and shows each of its sentences in `tests/golden/remarks/`. Its caller
imports the file under the name `words`. What several say alike is in `times` and `reasons`.
"""
