package db

import (
	"context"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/store"
)

// found lists the objects that a text finds.
func found(t testing.TB, d *DB, text string) []string {
	t.Helper()
	ctx := context.Background()
	condition, args := matching("object_id", "things", text, 0)
	var ids []string
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT object_id FROM search_objects WHERE 1 = 1"+condition+" ORDER BY object_id", args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatalf("search %q: %v", text, err)
	}
	return ids
}

func TestSearchOverChinese(t *testing.T) {
	d, _ := openTest(t)
	ctx := context.Background()
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		for id, texts := range map[string][]string{
			"1": {"深圳市示例科技有限公司", "王小明"},
			"2": {"北京样例软件有限责任公司", "李娜"},
			"3": {"Software licence ＡＢＣ-2026 采购合同", "人民", "民法"},
		} {
			if err := index(ctx, tx, "things", id, texts...); err != nil {
				return err
			}
		}
		return index(ctx, tx, "others", "4", "深圳市示例科技有限公司")
	})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"示例科技":       "1",
		"技有":         "1",
		"科技 公司":      "1",
		"有限公司":       "1",
		"公司":         "1 2",
		"公 司":        "1 2",
		"司公":         "",
		"娜":          "2",
		"深圳 李娜":      "",
		"soft":       "3",
		"SOFTWARE":   "3",
		"abc":        "3",
		"2026采购":     "3",
		"ware":       "",
		"人民法":        "", // not over the border of two texts
		`"公司" OR 娜`:  "", // operators are words
		"NEAR(公司*":   "",
		"":           "1 2 3 4",
		"--- !!":     "1 2 3 4",
		"公司 AND":     "",
		"terms:公司":   "",
		"\x00' \"公司": "1 2",
	} {
		if got := strings.Join(found(t, d, text), " "); got != want {
			t.Errorf("%q finds %q, want %q", text, got, want)
		}
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		if err := index(ctx, tx, "things", "1", "广州"); err != nil {
			return err
		}
		return unindex(ctx, tx, "things", "2")
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := found(t, d, "公司"); len(got) != 0 {
		t.Errorf("what was renamed or removed is found: %v", got)
	}
	if got := found(t, d, "广州"); !slices.Equal(got, []string{"1"}) {
		t.Errorf("the new name finds %v", got)
	}
}

// Whatever is typed is a valid query.
func FuzzMatchQuery(f *testing.F) {
	for _, seed := range []string{"", "公司", `"`, "a* OR b", "NEAR(", "^x", "{a b}", "-", "\x00", "\xff", "ﷺ", "a\ue000b"} {
		f.Add(seed)
	}
	d, _ := openTest(f)
	f.Fuzz(func(t *testing.T, text string) { found(t, d, text) })
}
