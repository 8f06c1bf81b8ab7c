/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL text to tokens, all at once.
 *
 * Unquoted words are folded to lower case (ASCII); quoted names, strings and
 * X'..' are unescaped.  Comments and white space vanish.  The list ends with a
 * TOKEN_END whose offset is the text's length.  Texts of tokens are borrowed from
 * the text where they stand there as they mean, else from the arena.
 */
#pragma once

#include "base/context.h"

typedef enum TokenKind {
    TOKEN_END,
    TOKEN_WORD,      /* text: folded */
    TOKEN_QUOTED,    /* "name"; text: unescaped */
    TOKEN_NUMBER,    /* text: as written */
    TOKEN_STRING,    /* 'text', E'text' */
    TOKEN_BYTES,     /* X'0aff'; text: the bytes */
    TOKEN_PARAMETER, /* $n; number */
    TOKEN_SYMBOL,    /* operators and punctuation; text: as written, != as <> */
} TokenKind;

typedef struct Token {
    TokenKind kind;
    uint32_t offset;
    uint32_t end; /* offset behind it */
    uint32_t number;
    Str text;
} Token;

typedef struct TokenList {
    const Token *items;
    size_t count; /* TOKEN_END included */
} TokenList;

/* STATUS_SYNTAX_ERROR at the offending byte. */
MUST_CHECK Status sql_lex(Context *ctx, Str text, TokenList *ret_tokens);

/* The token as it was written, cut when it is long: for messages. */
Str sql_excerpt(Str text, const Token *token);

/* Words that cannot be names unless they are quoted. */
bool sql_is_reserved(Str word);
