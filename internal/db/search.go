package db

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"sealdesk/internal/store"

	"golang.org/x/text/unicode/norm"
)

// Search over Chinese needs no dictionary here: a run of Chinese characters is stored as its pairs of neighbours (bigrams) and its single
// characters, a run of letters or digits as one word, and a query is cut in the same way. 科技公司 is found by 技公, not by 公科.

// index makes an object findable by the texts, in place of what it was found by before. Kind is the plural of the object's kind. The object
// keeps its row, so that rows stand in the order in which the objects were made.
func index(ctx context.Context, tx *store.Tx, kind, id string, texts ...string) error {
	var row int64
	err := tx.QueryRow(ctx, `INSERT INTO search_objects (kind, object_id) VALUES ($1, $2)
		ON CONFLICT (kind, object_id) DO UPDATE SET object_id = excluded.object_id RETURNING id`, kind, id).Scan(&row)
	if err == nil {
		_, err = tx.Exec(ctx, "DELETE FROM search_terms WHERE rowid = $1", row)
	}
	if err != nil {
		return fmt.Errorf("index %s %s: %w", kind, id, err)
	}
	terms := strings.Join(indexTerms(strings.Join(texts, "\n")), " ")
	if _, err := tx.Exec(ctx, "INSERT INTO search_terms (rowid, terms) VALUES ($1, $2)", row, terms); err != nil {
		return fmt.Errorf("index %s %s: %w", kind, id, err)
	}
	return nil
}

// unindex makes an object unfindable.
func unindex(ctx context.Context, tx *store.Tx, kind, id string) error {
	_, err := tx.Exec(ctx, "DELETE FROM search_terms WHERE rowid = (SELECT id FROM search_objects WHERE kind = $1 AND object_id = $2)", kind, id)
	if err == nil {
		_, err = tx.Exec(ctx, "DELETE FROM search_objects WHERE kind = $1 AND object_id = $2", kind, id)
	}
	if err != nil {
		return fmt.Errorf("unindex %s %s: %w", kind, id, err)
	}
	return nil
}

// matching is an SQL condition that holds where the object of the kind in column is found by the text, numbered after the n arguments
// before. It starts with AND; a text without a letter, digit or character gives no condition.
func matching(column, kind, text string, n int) (string, []any) {
	query := MatchQuery(text)
	if query == "" {
		return "", nil
	}
	return fmt.Sprintf(` AND %s IN (SELECT o.object_id FROM search_objects o WHERE o.kind = $%d AND o.id IN
		(SELECT rowid FROM search_terms WHERE search_terms MATCH $%d))`, column, n+1, n+2), []any{kind, query}
}

// run is a part of a text: Chinese (and other characters written without spaces), or a word of letters and digits.
type run struct {
	text []rune
	han  bool
}

func runs(text string) []run {
	var all []run
	var now run
	flush := func() {
		if len(now.text) > 0 {
			all = append(all, now)
		}
		now = run{}
	}
	for _, r := range norm.NFKC.String(strings.ToLower(text)) {
		han := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
		if !han && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			flush()
			continue
		}
		if han != now.han {
			flush()
		}
		now.han = han
		now.text = append(now.text, r)
	}
	flush()
	return all
}

// border stands between the terms of two runs, so that a phrase does not match over it. The tokenizer keeps characters of private use,
// and no query contains one.
const border = "\ue000"

// indexTerms are the terms under which a text is stored. Single characters come first, so that they do not stand between bigrams.
func indexTerms(text string) []string {
	var singles, terms []string
	for _, r := range runs(text) {
		terms = append(terms, border)
		if !r.han {
			terms = append(terms, string(r.text))
			continue
		}
		for i := range r.text {
			singles = append(singles, string(r.text[i:i+1]))
			if i+1 < len(r.text) {
				terms = append(terms, string(r.text[i:i+2]))
			}
		}
	}
	return append(singles, terms...)
}

// MatchQuery turns what a user typed into an FTS5 query over bigrams: all words must be there, a word of Chinese as a phrase, a word of
// letters as the start of one. It is empty when nothing can be searched for; operators of FTS5 in the text mean nothing.
func MatchQuery(text string) string {
	var parts []string
	for _, r := range runs(text) {
		switch {
		case !r.han:
			parts = append(parts, `"`+string(r.text)+`"*`)
		case len(r.text) == 1:
			parts = append(parts, `"`+string(r.text)+`"`)
		default:
			var phrase []string
			for i := range len(r.text) - 1 {
				phrase = append(phrase, string(r.text[i:i+2]))
			}
			parts = append(parts, `"`+strings.Join(phrase, " ")+`"`)
		}
	}
	return strings.Join(parts, " AND ")
}
