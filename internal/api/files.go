package api

// UploadFiles hands files over, as base64 (FileInfos) or as links to fetch them from (FileUrls). A request may have 10 MB in all.
var UploadFiles = Action[UploadFilesRequest, UploadFilesResponse]{"UploadFiles"}

// UploadFilesRequest is what UploadFiles takes.
type UploadFilesRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// BusinessType says what the files are for.
	BusinessType string `json:"BusinessType" validate:"required,oneof=TEMPLATE DOCUMENT FLOW SEAL BUSINESSLICENSE IDCARD"`
	// FileInfos wins over FileUrls; at most 20 files.
	FileInfos []UploadFile `json:"FileInfos,omitempty" validate:"required_without=FileUrls,max=20,dive"`
	// FileUrls are at most 20 links from which the platform fetches the files.
	FileUrls []string `json:"FileUrls,omitempty" validate:"omitempty,max=20" mask:"url"`
	// CoverRect whitens the areas of form fields.
	CoverRect bool `json:"CoverRect,omitempty"`
	// FileType is HTML for pages that are to become PDF.
	FileType string `json:"FileType,omitempty" validate:"omitempty,oneof=HTML"`
	// CustomIds are the caller's own ids, one to a file, in the same order.
	CustomIds []string `json:"CustomIds,omitempty"`
}

// UploadFilesResponse is what UploadFiles answers.
type UploadFilesResponse struct {
	// FileIds stand in the order of the files.
	FileIds []string `json:"FileIds"`
	// TotalCount is the number of files.
	TotalCount int64  `json:"TotalCount"`
	RequestId  string `json:"RequestId"`
}

// DescribeFileIdsByCustomIds finds files by the caller's own ids.
var DescribeFileIdsByCustomIds = Action[DescribeFileIdsByCustomIdsRequest, DescribeFileIdsByCustomIdsResponse]{"DescribeFileIdsByCustomIds"}

// DescribeFileIdsByCustomIdsRequest is what DescribeFileIdsByCustomIds takes.
type DescribeFileIdsByCustomIdsRequest struct {
	Caller    Caller   `json:"Caller" form:"-" validate:"required"`
	CustomIds []string `json:"CustomIds,omitempty"`
}

// DescribeFileIdsByCustomIdsResponse is what DescribeFileIdsByCustomIds answers.
type DescribeFileIdsByCustomIdsResponse struct {
	CustomIdList []CustomFileIdMap `json:"CustomIdList"`
	RequestId    string            `json:"RequestId"`
}

// DescribeFileUrls gives links to download files, or single pages as pictures.
var DescribeFileUrls = Action[DescribeFileUrlsRequest, DescribeFileUrlsResponse]{"DescribeFileUrls"}

// DescribeFileUrlsRequest is what DescribeFileUrls takes.
type DescribeFileUrlsRequest struct {
	Caller      Caller   `json:"Caller" form:"-" validate:"required"`
	BusinessIds []string `json:"BusinessIds" validate:"required,min=1,dive,required"`
	// BusinessType says what the ids are ids of. Tencent's example asks for DOCUMENT, which its list lacks.
	BusinessType string `json:"BusinessType" validate:"required,oneof=TEMPLATE SEAL FLOW CATALOG DOCUMENT"`
	// FileName is used for a ZIP only.
	FileName string `json:"FileName,omitempty"`
	// ResourceOffset and ResourceLimit choose pages within one id, from 1.
	ResourceOffset int64 `json:"ResourceOffset,omitempty"`
	ResourceLimit  int64 `json:"ResourceLimit,omitempty"`
	// FileType is JPG, PDF or ZIP.
	FileType string `json:"FileType,omitempty" validate:"omitempty,oneof=JPG PDF ZIP"`
}

// DescribeFileUrlsResponse is what DescribeFileUrls answers.
type DescribeFileUrlsResponse struct {
	FileUrls []FileUrl `json:"FileUrls"`
	// TotalCount is the number of files.
	TotalCount int64  `json:"TotalCount"`
	RequestId  string `json:"RequestId"`
}
