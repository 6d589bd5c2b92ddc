package engine_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// TestDestroyedFilesAreGone looks into the data folder: no version of the contract may be left in it.
func TestDestroyedFilesAreGone(t *testing.T) {
	dir := t.TempDir()
	p := start(t, func(o *engine.Options) { o.Memory, o.DataDir = false, dir })
	q := p.party(0)
	contents := func() (n int) {
		err := filepath.WalkDir(filepath.Join(dir, "files"), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if strings.HasPrefix(string(data), "%PDF") {
				n++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	flowID := p.flow(q)
	task := taskRequest(flowID, q, q, 200)
	task.SignComponents = append(task.SignComponents, api.Component{ComponentType: "TEXT", ComponentPage: 1, ComponentPosX: 100, ComponentPosY: 300, ComponentValue: "壹万元"})
	do(p, api.SendFlow, task)
	do(p, api.SignFlow, signRequest(flowID, "", q))
	refused(p, value, api.DestroyFlowFile, &api.DestroyFlowFileRequest{FlowId: flowID})
	refused(p, value, api.DestroyFlowFile, &api.DestroyFlowFileRequest{FlowId: "nothing"})
	do(p, api.ArchiveFlow, &api.ArchiveFlowRequest{Caller: q.caller(), FlowId: flowID})
	if n := contents(); n != 3 { // uploaded, filled, signed
		t.Errorf("%d versions before", n)
	}
	upload := do(p, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{p.fileID}, BusinessType: "DOCUMENT"}).FileUrls[0].Url
	link := do(p, api.DescribeFlowFiles, &api.DescribeFlowFilesRequest{FlowId: flowID}).FlowFileInfos[0].Url
	deadline := p.clock.Now().Add(time.Hour).Unix()
	preview := do(p, api.CreatePreviewSignUrl, &api.CreatePreviewSignUrlRequest{FlowId: flowID, Deadline: deadline}).PreviewSignUrl
	completed := do(p, api.DescribeFlow, &api.DescribeFlowRequest{FlowId: flowID}).UpdatedOn

	p.clock.Add(time.Minute)
	do(p, api.DestroyFlowFile, &api.DestroyFlowFileRequest{FlowId: flowID})
	if n := contents(); n != 0 {
		t.Errorf("%d versions are left", n)
	}
	if d := do(p, api.DescribeFlow, &api.DescribeFlowRequest{FlowId: flowID}); d.FlowStatus != 6 || d.UpdatedOn != completed {
		t.Errorf("%+v", d)
	}
	if code, _ := p.get(upload); code != http.StatusGone {
		t.Errorf("the upload's link: %d", code)
	}
	if code, _ := p.get(link); code != http.StatusNotFound {
		t.Errorf("the contract's link: %d", code)
	}
	if _, err := p.engine.SigningSession(t.Context(), strings.TrimPrefix(preview, "http://engine.test/p/")); !errors.Is(err, engine.ErrLinkExpired) {
		t.Errorf("the page: %v", err)
	}
	refused(p, gone, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{flowID}, BusinessType: "FLOW"})
	refused(p, gone, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{p.fileID}, BusinessType: "DOCUMENT"})
	refused(p, gone, api.CreateFlowByFiles, &api.CreateFlowByFilesRequest{Caller: q.caller(), FileIds: []string{p.fileID}, FlowInfo: api.FlowInfo{FlowName: "x", Deadline: deadline}})
	refused(p, value, api.DestroyFlowFile, &api.DestroyFlowFileRequest{FlowId: flowID})
}

// TestDestroyingSparesWhatOthersUse shares an upload between two flows, and its content with another upload.
func TestDestroyingSparesWhatOthersUse(t *testing.T) {
	p := start(t)
	q := p.party(0)
	a, b := p.flow(q), p.flow(q)
	twin := do(p, api.UploadFiles, &api.UploadFilesRequest{Caller: q.caller(), BusinessType: "FLOW", CustomIds: []string{"twin"},
		FileInfos: []api.UploadFile{{FileBody: encode(contract(t)), FileName: "同.pdf"}}}).FileIds[0]
	finish := func(flowID string) {
		p.task(flowID, q, q, 200)
		do(p, api.SignFlow, signRequest(flowID, "", q))
		do(p, api.ArchiveFlow, &api.ArchiveFlowRequest{Caller: q.caller(), FlowId: flowID})
		do(p, api.DestroyFlowFile, &api.DestroyFlowFileRequest{FlowId: flowID})
	}
	finish(a)
	p.signedFile(b)
	finish(b)
	refused(p, api.CodeResourceUnavailable, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{p.fileID}, BusinessType: "DOCUMENT"})
	url := do(p, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{twin}, BusinessType: "DOCUMENT"}).FileUrls[0].Url
	if code, _ := p.get(url); code != http.StatusOK {
		t.Errorf("another upload of the same content: %d", code)
	}
	c := do(p, api.CreateFlowByFiles, &api.CreateFlowByFilesRequest{Caller: q.caller(), FileIds: []string{twin},
		FlowInfo: api.FlowInfo{FlowName: "x", Deadline: p.clock.Now().Add(time.Hour).Unix()}}).FlowId
	finish(c)
	refused(p, api.CodeResourceUnavailable, api.DescribeFileIdsByCustomIds, &api.DescribeFileIdsByCustomIdsRequest{CustomIds: []string{"twin"}})
}
