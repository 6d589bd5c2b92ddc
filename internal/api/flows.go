package api

// CreateFlowByFiles makes a flow (a contract) from uploaded files. Caller.OperatorId becomes its initiator.
var CreateFlowByFiles = Action[CreateFlowByFilesRequest, CreateFlowByFilesResponse]{"CreateFlowByFiles"}

// CreateFlowByFilesRequest is what CreateFlowByFiles takes.
type CreateFlowByFilesRequest struct {
	Caller   Caller   `json:"Caller" form:"-" validate:"required"`
	FlowInfo FlowInfo `json:"FlowInfo" validate:"required"`
	// FileIds stand in the order of the files.
	FileIds []string `json:"FileIds" validate:"required,min=1,dive,required"`
	// CustomId is the caller's own id of the flow.
	CustomId string `json:"CustomId,omitempty"`
}

// CreateFlowByFilesResponse is what CreateFlowByFiles answers.
type CreateFlowByFilesResponse struct {
	FlowId    string `json:"FlowId"`
	RequestId string `json:"RequestId"`
}

// SendFlow adds one approver with their sign areas to a flow and notifies them. It is called once for each approver; the platform
// knows no order among them.
var SendFlow = Action[SendFlowRequest, SendFlowResponse]{"SendFlow"}

// SendFlowRequest is what SendFlow takes.
type SendFlowRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
	UserId string `json:"UserId" validate:"required"`
	// SignComponents are the areas that this approver signs.
	SignComponents []Component `json:"SignComponents" validate:"required,min=1,dive"`
	// Mobile is where the code of VERIFYCODE goes. The embedded engine falls back to what is registered of the user.
	Mobile string `json:"Mobile,omitempty" mask:"mobile"`
	// SubOrganizationId is the organisation for which the approver signs; they sign for themselves where it is empty.
	SubOrganizationId string `json:"SubOrganizationId,omitempty"`
	// VerifyChannel is how the signer shows their will; see the VerifyChannel constants. Without any the embedded engine asks for a code.
	VerifyChannel []string `json:"VerifyChannel,omitempty" validate:"omitempty,dive,oneof=WEIXINAPP FACEID VERIFYCODE NONE THIRD ACCOUNT"`
	// Deadline is when this approver must have signed, in Unix seconds; 7 days from now where it is 0.
	Deadline int64 `json:"Deadline,omitempty"`
	// IsLastApprover archives the flow when this approver has signed.
	IsLastApprover bool `json:"IsLastApprover,omitempty"`
	// JumpUrl is where the browser goes after signing.
	JumpUrl     string       `json:"JumpUrl,omitempty" mask:"url"`
	SmsTemplate *SmsTemplate `json:"SmsTemplate,omitempty"`
	// IsFullText makes the approver read to the end before signing.
	IsFullText bool `json:"IsFullText,omitempty"`
	// PreReadTime is how long the approver must read before signing, in seconds.
	PreReadTime int64 `json:"PreReadTime,omitempty"`
	// CanOffLine allows the will to be shown outside the page; such a signing is reviewed.
	CanOffLine bool `json:"CanOffLine,omitempty"`
	// CallbackUrl is told of this signing.
	CallbackUrl string `json:"CallbackUrl,omitempty" mask:"url"`
}

// SendFlowResponse is what SendFlow answers.
type SendFlowResponse struct {
	// SignId is one approver in one flow, as SendFlow returned it.
	SignId    string `json:"SignId"`
	RequestId string `json:"RequestId"`
}

// SendFlowUrl does what SendFlow does and returns a link to sign.
var SendFlowUrl = Action[SendFlowUrlRequest, SendFlowUrlResponse]{"SendFlowUrl"}

// SendFlowUrlRequest is what SendFlowUrl takes.
type SendFlowUrlRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
	UserId string `json:"UserId" validate:"required"`
	// SignComponents are the areas that this approver signs.
	SignComponents []Component `json:"SignComponents" validate:"required,min=1,dive"`
	// Mobile is where the code of VERIFYCODE goes. The embedded engine falls back to what is registered of the user.
	Mobile string `json:"Mobile,omitempty" mask:"mobile"`
	// SubOrganizationId is the organisation for which the approver signs; they sign for themselves where it is empty.
	SubOrganizationId string `json:"SubOrganizationId,omitempty"`
	// VerifyChannel is how the signer shows their will; see the VerifyChannel constants. Without any the embedded engine asks for a code.
	VerifyChannel []string `json:"VerifyChannel,omitempty" validate:"omitempty,dive,oneof=WEIXINAPP FACEID VERIFYCODE NONE THIRD OFFLINE"`
	// Deadline is when this approver must have signed, in Unix seconds; 7 days from now where it is 0.
	Deadline int64 `json:"Deadline,omitempty"`
	// IsLastApprover archives the flow when this approver has signed.
	IsLastApprover bool `json:"IsLastApprover,omitempty"`
	// JumpUrl is where the browser goes after signing.
	JumpUrl     string       `json:"JumpUrl,omitempty" mask:"url"`
	SmsTemplate *SmsTemplate `json:"SmsTemplate,omitempty"`
	// IsFullText makes the approver read to the end before signing.
	IsFullText bool `json:"IsFullText,omitempty"`
	// PreReadTime is how long the approver must read before signing, in seconds.
	PreReadTime int64 `json:"PreReadTime,omitempty"`
	// CanOffLine allows the will to be shown outside the page; such a signing is reviewed.
	CanOffLine bool `json:"CanOffLine,omitempty"`
	// CallbackUrl is told of this signing.
	CallbackUrl string `json:"CallbackUrl,omitempty" mask:"url"`
}

// SendFlowUrlResponse is what SendFlowUrl answers.
type SendFlowUrlResponse struct {
	// SignId is one approver in one flow, as SendFlow returned it.
	SignId    string `json:"SignId"`
	SignUrl   string `json:"SignUrl"`
	RequestId string `json:"RequestId"`
}

// CancelFlow withdraws a flow that is not archived; everyone still to sign is let go. Only its initiator may.
var CancelFlow = Action[CancelFlowRequest, CancelFlowResponse]{"CancelFlow"}

// CancelFlowRequest is what CancelFlow takes.
type CancelFlowRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
	// CancelMessage is the reason.
	CancelMessage string `json:"CancelMessage,omitempty"`
}

// CancelFlowResponse is what CancelFlow answers.
type CancelFlowResponse struct {
	RequestId string `json:"RequestId"`
}

// ArchiveFlow closes a flow that all its approvers have signed. Nothing can be sent, signed, rejected or withdrawn afterwards.
var ArchiveFlow = Action[ArchiveFlowRequest, ArchiveFlowResponse]{"ArchiveFlow"}

// ArchiveFlowRequest is what ArchiveFlow takes.
type ArchiveFlowRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
}

// ArchiveFlowResponse is what ArchiveFlow answers.
type ArchiveFlowResponse struct {
	RequestId string `json:"RequestId"`
}

// DestroyFlowFile deletes the files of an archived flow for good.
var DestroyFlowFile = Action[DestroyFlowFileRequest, DestroyFlowFileResponse]{"DestroyFlowFile"}

// DestroyFlowFileRequest is what DestroyFlowFile takes.
type DestroyFlowFileRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
}

// DestroyFlowFileResponse is what DestroyFlowFile answers.
type DestroyFlowFileResponse struct {
	RequestId string `json:"RequestId"`
}

// DescribeFlow reads a flow.
var DescribeFlow = Action[DescribeFlowRequest, DescribeFlowResponse]{"DescribeFlow"}

// DescribeFlowRequest is what DescribeFlow takes.
type DescribeFlowRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
}

// DescribeFlowResponse is what DescribeFlow answers.
type DescribeFlowResponse struct {
	// Creator is who made it.
	Creator         Caller `json:"Creator"`
	FlowId          string `json:"FlowId"`
	FlowName        string `json:"FlowName"`
	FlowDescription string `json:"FlowDescription"`
	// FlowType is a word of the caller: 劳务, 销售, 租赁 and 其他 are documented.
	FlowType string `json:"FlowType"`
	// FlowStatus is one of the Flow constants.
	FlowStatus int64 `json:"FlowStatus"`
	// CreatedOn is in Unix seconds.
	CreatedOn int64 `json:"CreatedOn"`
	// UpdatedOn is when the flow was completed, in Unix seconds; 0 until then.
	UpdatedOn int64 `json:"UpdatedOn"`
	// Deadline is when the flow expires, in Unix seconds.
	Deadline int64 `json:"Deadline"`
	// CallbackUrl is told of every change.
	CallbackUrl string `json:"CallbackUrl"`
	// FlowMessage is the reason of a rejection or withdrawal.
	FlowMessage string `json:"FlowMessage"`
	RequestId   string `json:"RequestId"`
}

// DescribeFlowApprovers reads the approvers of a flow. An unknown flow gives an empty list, since the action declares no code for
// it.
var DescribeFlowApprovers = Action[DescribeFlowApproversRequest, DescribeFlowApproversResponse]{"DescribeFlowApprovers"}

// DescribeFlowApproversRequest is what DescribeFlowApprovers takes.
type DescribeFlowApproversRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
	UserId string `json:"UserId,omitempty"`
	// SignId and UserId narrow the list.
	SignId string `json:"SignId,omitempty"`
}

// DescribeFlowApproversResponse is what DescribeFlowApprovers answers.
type DescribeFlowApproversResponse struct {
	FlowId    string             `json:"FlowId"`
	Approvers []FlowApproverInfo `json:"Approvers"`
	RequestId string             `json:"RequestId"`
}

// DescribeFlowFiles reads the files of a flow, with links to download them.
var DescribeFlowFiles = Action[DescribeFlowFilesRequest, DescribeFlowFilesResponse]{"DescribeFlowFiles"}

// DescribeFlowFilesRequest is what DescribeFlowFiles takes.
type DescribeFlowFilesRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	FlowId string `json:"FlowId" validate:"required"`
}

// DescribeFlowFilesResponse is what DescribeFlowFiles answers.
type DescribeFlowFilesResponse struct {
	FlowId        string         `json:"FlowId"`
	FlowFileInfos []FlowFileInfo `json:"FlowFileInfos"`
	RequestId     string         `json:"RequestId"`
}

// DescribeCustomFlowIds finds flows by the caller's own ids.
var DescribeCustomFlowIds = Action[DescribeCustomFlowIdsRequest, DescribeCustomFlowIdsResponse]{"DescribeCustomFlowIds"}

// DescribeCustomFlowIdsRequest is what DescribeCustomFlowIds takes.
type DescribeCustomFlowIdsRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// CustomIds are at most 10.
	CustomIds []string `json:"CustomIds" validate:"required,min=1,max=10,dive,required"`
}

// DescribeCustomFlowIdsResponse is what DescribeCustomFlowIds answers.
type DescribeCustomFlowIdsResponse struct {
	CustomIdList []CustomFlowIdMap `json:"CustomIdList"`
	RequestId    string            `json:"RequestId"`
}

// DescribeCustomFlowIdsByFlowId finds the caller's own ids of flows.
var DescribeCustomFlowIdsByFlowId = Action[DescribeCustomFlowIdsByFlowIdRequest, DescribeCustomFlowIdsByFlowIdResponse]{"DescribeCustomFlowIdsByFlowId"}

// DescribeCustomFlowIdsByFlowIdRequest is what DescribeCustomFlowIdsByFlowId takes.
type DescribeCustomFlowIdsByFlowIdRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// FlowIds are at most 10.
	FlowIds []string `json:"FlowIds" validate:"required,min=1,max=10,dive,required"`
}

// DescribeCustomFlowIdsByFlowIdResponse is what DescribeCustomFlowIdsByFlowId answers.
type DescribeCustomFlowIdsByFlowIdResponse struct {
	CustomIdList []CustomFlowIdMap `json:"CustomIdList"`
	RequestId    string            `json:"RequestId"`
}
