"""Reads how sentences are made, and finds the texts of others that get into one as they came.

A text is safe in a comment if it is our own (a literal), a number or an instant, went through `code`, `user` or
`mention`, came from another sentence, or is declared `Said` by whoever takes it; a `Body` is safe as a whole, for
only `checked` makes one. Everything else is somebody's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

SAFE = {"int", "float", "bool", "Fraction", "datetime", "date", "timedelta", "Body", "Said", "Told"}
ENCODERS = {"code", "user", "sentence", "mention", "fenced"}
NUMBERS = {"len", "int", "float", "round"}
CARRIERS = {
    "listed",
    "in_cell",
    "link",
    "counted",
    "str",
    "filter",
    "next",
    "tuple",
    "list",
    "max",
    "min",
    "range",
}
"""What gives back what it was given, as far as its first argument goes (`link` encodes its second)."""


@dataclass
class Room:
    """What is known of all modules: the functions that make sentences, and the fields of values."""

    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    fields: dict[str, dict[str, ast.expr]] = field(default_factory=dict)

    @classmethod
    def of(cls, sentences: Iterable[ast.Module], values: Iterable[ast.Module] = ()) -> Room:
        """`sentences` are the modules whose functions are looked at, `values` those whose classes they use."""
        room = cls()
        for tree in (*values, *sentences):
            for node in tree.body:
                if isinstance(node, ast.ClassDef):
                    room.fields[node.name] = {
                        each.target.id: each.annotation
                        for each in node.body
                        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
                    }
        for tree in sentences:
            room.functions |= {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        return room

    def found(self, tree: ast.Module) -> Iterator[str]:
        """Each text of somebody that a sentence of this module takes as it came, with its line."""
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and _name(node.returns) != "Plain":
                sentence = Sentence(node, self)
                for value in sentence.returned:
                    for part in sentence.unsafe(value):
                        yield f"{node.name}, line {part.lineno}: {ast.unparse(part)}"


class Sentence:
    """One function of the room: which of its names hold what, and whether what it gives back is safe."""

    def __init__(self, function: ast.FunctionDef, room: Room) -> None:
        self.room = room
        self.types: dict[str, ast.expr] = {}
        self.given: dict[str, list[ast.expr]] = {}
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        for each in arguments:
            if each.annotation is not None:
                self.types[each.arg] = each.annotation
        for node in ast.walk(function):
            self._learn(node)
        self.returned = [
            node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value
        ]
        self._asked: set[str] = set()

    def _learn(self, node: ast.AST) -> None:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AugAssign(target=ast.Name(id=name), value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                self.given.setdefault(name, []).append(value)
            case ast.Assign(targets=[ast.Tuple(elts=names) | ast.List(elts=names)], value=value):
                for each in names:
                    name = each.value if isinstance(each, ast.Starred) else each
                    if isinstance(name, ast.Name):
                        self._item(name, value)
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                for each in ast.walk(target):
                    if isinstance(each, ast.Name):
                        self._item(each, value)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="append" | "extend"), args=[value]
            ):
                self.given.setdefault(name, []).append(value)

    def _item(self, name: ast.Name, of: ast.expr) -> None:
        """The name holds an item of something."""
        kind = self.type_of(of)
        if kind is not None:
            self.types[name.id] = kind
        else:
            self.given.setdefault(name.id, []).append(of)

    def type_of(self, expression: ast.expr) -> ast.expr | None:
        """The annotation of what an expression holds, the item's for a list."""
        match expression:
            case ast.Name(id=name):
                return _item_type(self.types[name]) if name in self.types else None
            case ast.Attribute(value=value, attr=attr):
                owner = self.type_of(value)
                if isinstance(owner, ast.Name) and owner.id in self.room.fields:
                    found = self.room.fields[owner.id].get(attr)
                    return _item_type(found) if found is not None else None
                return None
            case ast.Subscript(value=value):
                return self.type_of(value)
            case _:
                return None

    def unsafe(self, expression: ast.expr) -> Iterator[ast.expr]:
        """The parts of an expression that are somebody's text as it came."""
        parts: list[ast.expr] = []
        match expression:
            case ast.Constant() | ast.Compare() | ast.UnaryOp():
                return
            case ast.JoinedStr(values=parts):
                pass
            case ast.FormattedValue(value=value, format_spec=form):
                # A form such as `,` or `.0%` fits numbers alone.
                parts = [] if form is not None and not _is_of_text(form) else [value]
            case ast.Call(func=ast.Name(id=name), args=args):
                parts = self._of_call(name, expression, args)
            case ast.Call(func=ast.Attribute(value=value, attr=method), args=args):
                parts = [value, *(args if method == "join" else args[1:])]
            case ast.IfExp(body=body, orelse=orelse):
                parts = [body, orelse]
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
                pass
            case ast.BinOp(left=left, right=right):
                parts = [left, right]
            case ast.Starred(value=value) | ast.GeneratorExp(elt=value) | ast.ListComp(elt=value):
                parts = [value]
            case ast.Dict(values=parts):
                pass
            case ast.Subscript(value=value):
                parts = [value]
            case ast.Name() | ast.Attribute():
                yield from self._unsafe_name(expression)
            case _:
                yield expression
        for part in parts:
            yield from self.unsafe(part)

    def _of_call(self, name: str, call: ast.Call, args: list[ast.expr]) -> list[ast.expr]:
        """The arguments that a call puts into its text as they are."""
        if name in ENCODERS or name in NUMBERS:
            return []
        if name in CARRIERS:
            return args[:1]
        if name not in self.room.functions:
            return [call.func]
        takes = self.room.functions[name].args
        declared = {each.arg: each.annotation for each in (*takes.args, *takes.kwonlyargs)}
        given = dict(zip(declared, args, strict=False)) | {
            each.arg: each.value for each in call.keywords if each.arg
        }
        return [value for key, value in given.items() if _name(_item_type(declared[key])) == "Said"]

    def _unsafe_name(self, expression: ast.Name | ast.Attribute) -> Iterator[ast.expr]:
        kind = self.type_of(expression)
        if kind is not None:
            if not _is_safe(kind):
                yield expression
        elif isinstance(expression, ast.Attribute):
            yield from self.unsafe(expression.value)  # of an instant or a number: again a number
        elif expression.id in self._asked or expression.id.lstrip("_").isupper():
            return
        elif expression.id in self.given:
            self._asked.add(expression.id)
            for value in self.given[expression.id]:
                yield from self.unsafe(value)
        else:
            yield expression


def _item_type(annotation: ast.expr | None) -> ast.expr | None:
    match annotation:
        case ast.Subscript(
            value=ast.Name(id="tuple" | "list" | "Sequence"), slice=ast.Tuple(elts=[first, *_])
        ):
            return first
        case ast.Subscript(value=ast.Name(id="tuple" | "list" | "Sequence"), slice=item):
            return item
        case ast.BinOp(left=left):
            return left
        case _:
            return annotation


def _name(annotation: ast.expr | None) -> str:
    return annotation.id if isinstance(annotation, ast.Name) else ""


def _is_safe(annotation: ast.expr) -> bool:
    return _name(annotation) in SAFE or (
        isinstance(annotation, ast.Subscript) and _name(annotation.value) == "Literal"
    )


def _is_of_text(form: ast.expr) -> bool:
    return ast.unparse(form) in ("f''", "f's'")
