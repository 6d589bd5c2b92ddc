package api

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// defaultDateFormat is that of SIGN_DATE and DATE whose ComponentExtra names none.
const defaultDateFormat = "yyyy年m月d日"

// FormatDate writes a day by the Format of a component: a pattern of yyyy, mm or m, dd or d. Which day it is depends on the zone of t.
func FormatDate(pattern string, t time.Time) string {
	if pattern == "" {
		pattern = defaultDateFormat
	}
	return strings.NewReplacer("yyyy", t.Format("2006"), "YYYY", t.Format("2006"), "mm", t.Format("01"), "MM", t.Format("01"), "m", t.Format("1"),
		"M", t.Format("1"), "dd", t.Format("02"), "DD", t.Format("02"), "d", t.Format("2"), "D", t.Format("2")).Replace(pattern)
}

var writtenDate = regexp.MustCompile(`^(\d{4})\D+(\d{1,2})\D+(\d{1,2})\D*$`)

// ParseDate reads a day that FormatDate wrote, whatever the pattern, as long as the year comes first.
func ParseDate(text string) (time.Time, error) {
	parts := writtenDate.FindStringSubmatch(text)
	if parts == nil {
		return time.Time{}, fmt.Errorf("%q is no date", text)
	}
	day, err := time.Parse("2006-1-2", strings.Join(parts[1:], "-"))
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no date: %w", text, err)
	}
	return day, nil
}
