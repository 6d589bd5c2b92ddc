package watch

import (
	"testing"
	"time"
)

func TestHubTellsReadersOfTheirTopic(t *testing.T) {
	h := NewHub()
	mine, cancel := h.Subscribe("flow/1")
	other, _ := h.Subscribe("flow/2")
	h.Publish("flow/1")
	if _, ok := <-mine; !ok {
		t.Fatal("the reader was dropped")
	}
	if len(other) != 0 {
		t.Error("a reader of another topic was told")
	}
	cancel()
	cancel() // twice does no harm
	if _, ok := <-mine; ok {
		t.Error("a cancelled channel is still open")
	}
	if topics := h.Topics(); len(topics) != 1 || topics[0] != "flow/2" {
		t.Errorf("got topics %v", topics)
	}
}

func TestHubDropsSlowReaders(t *testing.T) {
	h := NewHub()
	slow, cancel := h.Subscribe("flow/1")
	defer cancel()
	for range readerQueue + 1 {
		h.Publish("flow/1")
	}
	for range readerQueue {
		if _, ok := <-slow; !ok {
			t.Fatal("queued messages were lost")
		}
	}
	if _, ok := <-slow; ok {
		t.Error("a slow reader was kept")
	}
	if len(h.Topics()) != 0 {
		t.Error("the topic of a dropped reader is still there")
	}
}

func TestHubCloseEndsReaders(t *testing.T) {
	h := NewHub()
	before, _ := h.Subscribe("flow/1")
	h.Close()
	after, _ := h.Subscribe("flow/1")
	for _, ch := range []<-chan struct{}{before, after} {
		if _, ok := <-ch; ok {
			t.Error("a channel is open after Close")
		}
	}
}

func TestPauseGrowsWithQuiet(t *testing.T) {
	w := &Watcher{opts: Options{Interval: time.Second}}
	var last time.Duration
	for _, quiet := range []time.Duration{time.Minute, 30 * time.Minute, 5 * time.Hour, 50 * time.Hour} {
		pause := w.pause(quiet, false, 0)
		if pause <= last {
			t.Errorf("quiet for %s: pause %s is not longer than %s", quiet, pause, last)
		}
		last = pause
	}
	if pause := w.pause(50*time.Hour, true, 0); pause > time.Second {
		t.Errorf("in view: pause %s", pause)
	}
	if w.pause(0, true, 3) <= w.pause(0, true, 0) {
		t.Error("failures do not stretch the pause")
	}
}
