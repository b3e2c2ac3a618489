#include "json.h"

#include <string.h>

bool word_is(Word word, const char *text) {
    size_t length = strlen(text);
    return word.length == (int)length && memcmp(word.text, text, length) == 0;
}

static bool take(Json *json, char c) {
    if (json->at == json->end || *json->at != c)
        return false;
    json->at++;
    return true;
}

static void skip_space(Json *json) {
    while (take(json, ' ') || take(json, '\t') || take(json, '\n') ||
           take(json, '\r')) {
    }
}

bool json_sign(Json *json, char c) {
    skip_space(json);
    bool found = take(json, c);
    skip_space(json);
    return found;
}

bool json_word(Json *json, Word *word) {
    if (!take(json, '"'))
        return false;
    word->text = json->at;
    while (json->at < json->end && *json->at != '"') {
        if ((unsigned char)*json->at < ' ')
            return false;
        // what follows a backslash belongs to it, a quotation mark too
        bool escape = take(json, '\\');
        if (!escape || json->at < json->end)
            json->at++;
    }
    word->length = (int)(json->at - word->text);
    return take(json, '"');
}

// 0 or 1234, of at most 18 digits so that it fits into 64 bits. No sign, no
// point, no leading zeros: the last is not JSON at all, and a size needs none.
static bool whole_number(Json *json, uint64_t *number) {
    int digits = 0;
    bool leading_zero = json->at < json->end && *json->at == '0';
    *number = 0;
    while (json->at < json->end && *json->at >= '0' && *json->at <= '9') {
        if (++digits > 18 || (leading_zero && digits > 1))
            return false;
        *number = 10 * *number + (uint64_t)(*json->at++ - '0');
    }
    return digits > 0;
}

bool json_list(Json *json, uint64_t *list, int max, int *count) {
    *count = 0;
    if (!json_sign(json, '['))
        return false;
    if (json_sign(json, ']'))
        return true;
    // a comma promises another number: [1,] ends here with false
    do {
        uint64_t number;
        if (!whole_number(json, &number))
            return false;
        if (*count < max)
            list[*count] = number;
        ++*count;
    } while (json_sign(json, ','));
    return json_sign(json, ']');
}

bool json_words(Json *json, const char *key, Word *value) {
    *value = (Word){NULL, 0};
    if (!json_sign(json, '{'))
        return false;
    if (json_sign(json, '}'))
        return true;
    do {
        Word name, text;
        if (!json_word(json, &name) || !json_sign(json, ':') ||
            !json_word(json, &text))
            return false;
        if (word_is(name, key))
            *value = text;
    } while (json_sign(json, ','));
    return json_sign(json, '}');
}
