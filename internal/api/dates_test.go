package api_test

import (
	"testing"
	"time"

	"sealdesk/internal/api"
)

func TestDatesAreWrittenByPatternAndReadAgain(t *testing.T) {
	day := time.Date(2026, 1, 8, 0, 0, 0, 0, time.UTC)
	for pattern, want := range map[string]string{"": "2026年1月8日", "yyyy年mm月dd日": "2026年01月08日", "yyyy-mm-dd": "2026-01-08", "yyyy/m/d": "2026/1/8"} {
		got := api.FormatDate(pattern, day)
		if got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
		if back, err := api.ParseDate(got); err != nil || !back.Equal(day) {
			t.Errorf("%q read as %v, %v", got, back, err)
		}
	}
	for _, text := range []string{"", "合同", "2026-13-01", "1月8日"} {
		if back, err := api.ParseDate(text); err == nil {
			t.Errorf("%q read as %v", text, back)
		}
	}
}
